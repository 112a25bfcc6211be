// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import WebAPI

struct ActionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "actions",
    abstract: "Lists the actions: what counts for each, what it took, and how its runs ended.",
    discussion: """
      MATCHED, SUCCEEDED and FAILED count since the daemon's start; FAILED has the refused ones too. With a name, \
      everything about one action: its events and conditions as they are written, its script, what the journal holds of \
      its runs, the last one, and the last that failed.
      Exit code: 0 done, 1 there is no such action.
      """)

  @Argument(help: ArgumentHelp("One action; default: all.", valueName: "action"))
  var action: String?

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object per line.")
  var json = false

  func run() throws {
    if let action {
      let answer = try daemon.daemon().get("/api/v1/actions/\(action.percentEncoded)")
      return json ? print(answer.json) : Self.lines(answer).forEach { print($0) }
    }
    let rows = try daemon.daemon().get("/api/v1/actions").list(of: "actions")
    guard !json else { return printLines(rows) }
    var table = TextTable([
      .init("ACTION", isFlexible: true), .init("STATUS", isState: true), .init("MATCHED"), .init("LAST MATCH"),
      .init("RUNNING"), .init("PENDING"), .init("WAITING"), .init("SUCCEEDED"), .init("FAILED"), .init("LAST RUN"),
    ])
    for row in rows {
      let ended = row.member(named: "since_start")
      let failed = (ended?.integer(of: "failed") ?? 0) + (ended?.integer(of: "refused") ?? 0)
      table.append([
        row.shown("action"), row.shown("status"), row.shown("matched"), row.time("last_match"), row.shown("running"),
        row.shown("pending"), row.shown("waiting"), ended?.shown("succeeded") ?? "-", String(failed),
        Self.run(row.member(named: "last_run")),
      ])
    }
    printTable(table)
  }

  private static func run(_ run: JSONValue?) -> String {
    run.map { "\($0.shown("run")) \($0.shown("state"))" } ?? "-"
  }

  /// Everything about one action.
  private static func lines(_ action: JSONValue) -> [String] {
    var lines = ["action \(action.shown("action")) (\(action.shown("place")))".printable]
    func add(_ title: String, _ text: String) {
      lines.append("  \(title)\(String(repeating: " ", count: max(1, 14 - title.count)))\(text.printable)")
    }
    let since = action.text(of: "since").map { _ in ", since \(action.time("since")); its file says " } ?? ""
    add("status", action.shown("status") + (since.isEmpty ? "" : since + action.shown("configured")))
    for (key, value) in action.member(named: "written")?.members ?? [] { add(key, value.text) }
    let words = action.list(of: "command") + action.list(of: "parameters")
    add("runs", words.map(\.text).joined(separator: " "))
    let isUnmatched = action.flag("never_matched")
    add(
      "matched",
      isUnmatched ? "nothing since the start" : "\(action.shown("matched")), last \(action.time("last_match"))")
    add("now", ["running", "pending", "waiting"].map { "\(action.shown($0)) \($0)" }.joined(separator: ", "))
    add("since start", counts(action.member(named: "since_start")))
    add("in journal", counts(action.member(named: "journal")))
    for (title, key) in [("last run", "last_run"), ("last failure", "last_failure")] {
      guard let run = action.member(named: key) else { continue }
      let cause = run.text(of: "reason") ?? run.text(of: "outcome")
      add(
        title,
        "\(Self.run(run)), \(run.time(run.text(of: "ended") == nil ? "created" : "ended"))"
          + (cause.map { ", \($0)" } ?? ""))
    }
    return lines
  }

  /// Counts that are not 0.
  private static func counts(_ counts: JSONValue?) -> String {
    let shown = (counts?.members ?? []).filter { $0.value.text != "0" }.map { "\($0.value.text) \($0.key)" }
    return counts == nil ? "could not be asked in time" : shown.isEmpty ? "none" : shown.joined(separator: ", ")
  }
}
