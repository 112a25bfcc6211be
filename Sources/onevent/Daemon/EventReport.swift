// SPDX-License-Identifier: Apache-2.0

import Events
import WebAPI

/// An event with its runs, envelope and content, for people.
struct EventReport {
  let lines: [String]

  init(_ event: JSONValue, title: String) {
    var lines = [title]
    func add(_ title: String, _ text: String?) {
      guard let text, text != "-" else { return }
      lines.append("  \(title)\(String(repeating: " ", count: max(1, 10 - title.count)))\(text.printable)")
    }
    add("type", event.shown("type"))
    add("group", event.text(of: "group").map { "\($0), \(event.shown("level"))" })
    add("result", event.shown("result"))
    add("reason", event.shown("reason"))
    add("source", event.shown("source"))
    add("received", event.shown("received"))
    add("time", event.shown("time"))
    add("id", event.shown("id"))
    add("subject", event.shown("subject"))
    for (kind, name) in event.member(named: "objects")?.members ?? [] { add("object", "\(kind):\(name.text)") }
    add("cause", event.integer(of: "cause").map { "run \($0)" })
    for run in event.list(of: "runs") {
      let outcome = run.text(of: "reason") ?? run.text(of: "outcome")
      let details = outcome.map { " (\($0))" } ?? ""
      add("run", "\(run.shown("run"))  \(run.shown("run_id"))  \(run.shown("action"))  \(run.shown("state"))\(details)")
    }
    for (key, value) in event.member(named: "envelope")?.members ?? [] {
      add(key.replacingUnderscores, value.kind == .string ? value.text : value.json)
    }
    if let decoded = event.member(named: "decoded"), let payload = decoded.member(named: "payload") {
      lines.append("  payload")
      lines += Self.indented(payload, by: 4)
    } else if let body = event.bytes(of: "body") {
      lines.append("  body      \(body.count) bytes that are not decoded")
      let text = String(decoding: body.prefix(2000), as: UTF8.self)
      lines += text.split(separator: "\n", omittingEmptySubsequences: false).map { "    | \(String($0).printableLine)" }
    }
    self.lines = lines
  }

  /// JSON over several lines, one for each member, control characters escaped.
  private static func indented(_ value: JSONValue, by spaces: Int, key: String = "") -> [String] {
    let indent = String(repeating: " ", count: spaces)
    let members = value.kind == .object ? value.members : value.elements.map { ("", $0) }
    guard !members.isEmpty else { return ["\(indent)\(key)\(value.json.printable)"] }
    let (opening, closing) = value.kind == .object ? ("{", "}") : ("[", "]")
    let inner = members.flatMap { name, member in
      indented(member, by: spaces + 2, key: value.kind == .object ? "\(quoted(name).printable): " : "")
    }
    return ["\(indent)\(key)\(opening)"] + inner + ["\(indent)\(closing)"]
  }
}

extension String {
  fileprivate var replacingUnderscores: String { String(map { $0 == "_" ? " " : $0 }) }
}
