// SPDX-License-Identifier: Apache-2.0

import Events
import WebAPI

/// A run with all its attempts, for people.
struct RunReport {
  let lines: [String]

  init(_ run: JSONValue) {
    var lines = ["run \(run.shown("run"))  \(run.shown("run_id"))"]
    func add(_ title: String, _ text: String?) {
      guard let text, text != "-" else { return }
      lines.append("  \(title)\(String(repeating: " ", count: max(1, 10 - title.count)))\(text.printable)")
    }
    add("action", run.shown("action"))
    add("state", run.shown("state") + (run.flag("aside") ? ", set aside" : ""))
    add("outcome", run.shown("outcome"))
    add("reason", run.shown("reason"))
    let subject = run.text(of: "subject").map { ", subject \($0)" } ?? ""
    add("event", "e\(run.shown("event")) \(run.shown("type"))\(subject)\(run.flag("replay") ? ", replayed" : "")")
    add("created", run.shown("created"))
    add("due", run.shown("due"))
    add("ended", run.shown("ended"))
    let unclean = run.integer(of: "unclean") ?? 0
    add("tries", run.shown("attempts") + (unclean > 0 ? ", of which \(unclean) were cut off" : ""))
    for attempt in run.list(of: "attempts_made") { lines += Self.lines(of: attempt) }
    self.lines = lines
  }

  private static func lines(of attempt: JSONValue) -> [String] {
    let isOver = attempt.member(named: "ended") != nil
    let outcome = attempt.text(of: "outcome") ?? (isOver ? "ended" : "running")
    var head = "attempt \(attempt.shown("attempt")): \(outcome)"
    if let duration = attempt.member(named: "duration") { head += " after \(duration.text) s" }
    var lines = ["", head.printable]
    if let reason = attempt.text(of: "reason") { lines.append("  reason    \(reason.printable)") }
    lines.append("  started   \(attempt.shown("started"))")
    let pid = attempt.integer(of: "pid").map { ", pid \($0)" } ?? ""
    lines.append(
      "  program   \(attempt.shown("program").printable) in \(attempt.shown("directory").printable)\(pid), "
        + "configuration \(attempt.shown("revision").printable)")
    for (index, argument) in attempt.list(of: "arguments").enumerated() {
      let text = String(decoding: argument.bytes ?? [], as: UTF8.self)
      lines.append("  argv[\(index)]   \(shortened(quoted(text).printable, to: 1000))")
    }
    for stream in ["stdout", "stderr"] {
      guard let output = attempt.member(named: stream) else { continue }
      lines += Self.lines(of: output, stream)
    }
    return lines
  }

  /// Each line of the output behind a bar, and how much is missing between its head and its tail.
  private static func lines(of output: JSONValue, _ stream: String) -> [String] {
    let dropped = output.integer(of: "dropped") ?? 0
    guard dropped > 0 else {
      // What was kept whole may be kept in two parts, cut within a line or a character.
      let bytes = (output.bytes(of: "head") ?? []) + (output.bytes(of: "tail") ?? [])
      return ["  \(stream)"] + barred(String(decoding: bytes, as: UTF8.self))
    }
    return ["  \(stream)"] + barred(output.output("head")) + ["    … \(dropped) bytes were not kept …"]
      + barred(output.output("tail"))
  }

  private static func barred(_ text: String) -> [String] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { "    | \(String($0).printableLine)" }
  }
}

extension String {
  /// A line that a script printed: control characters escaped but for the tab.
  var printableLine: String {
    split(separator: "\t", omittingEmptySubsequences: false).map { String($0).printable }.joined(separator: "\t")
  }
}
