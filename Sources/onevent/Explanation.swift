// SPDX-License-Identifier: Apache-2.0

import Events

/// What every action says of one event: as text for people, as JSON for programs.
struct Explanation {
  private struct Entry {
    var action: Action
    var verdict: Verdict
    /// What would run, or why it would not; nil where nothing matched.
    var invocation: Result<Invocation, Refusal>?
    /// Whether the event is older than the action's `max_event_age`, now.
    var isExpired = false
  }

  private let facts: [(name: String, value: String)]
  private let entries: [Entry]
  private let isIgnored: Bool

  init(_ event: Event, _ table: ActionTable, ignored: [EventPattern]) {
    isIgnored = event.withType { type in ignored.contains { $0.matches(type) } }
    facts = [
      ("type", event.type), ("id", event.id ?? "-"), ("time", event.time ?? "-"), ("subject", event.subject.json),
      ("source", event.envelope.source),
    ]
    let run = RunFacts(runID: "RUN", eventNumber: 1, attempt: 1)
    entries = Matcher(table).explain(event).map { verdict in
      let action = table.actions[verdict.action]
      guard verdict.answer == .matched || verdict.answer == .observed else {
        return Entry(action: action, verdict: verdict, invocation: nil)
      }
      if let age = event.age, let limit = action.maxEventAge, age > limit {
        return Entry(action: action, verdict: verdict, invocation: nil, isExpired: true)
      }
      do throws(Refusal) {
        return Entry(action: action, verdict: verdict, invocation: .success(try action.invocation(for: event, run)))
      } catch {
        return Entry(action: action, verdict: verdict, invocation: .failure(error))
      }
    }
  }

  var hasMatch: Bool {
    !isIgnored && entries.contains { $0.verdict.answer == .matched || $0.verdict.answer == .observed }
  }

  var text: String {
    var lines = facts.map { "\($0.name.padded(to: 8)) \($0.value)" }
    if isIgnored { lines.append("This type is ignored by the source (ignore_events): no action sees it.") }
    for entry in entries {
      lines.append("")
      lines.append("action \(entry.action.name) (\(entry.action.place)): \(entry.verdict.answer.words)")
      for finding in entry.verdict.findings { lines.append("  \(finding.line)") }
      if entry.isExpired { lines.append("  older than max_event_age: the run would end as expired") }
      switch entry.invocation {
      case nil: break
      case .failure(let refusal): lines.append("  refused: \(refusal)")
      case .success(let invocation): lines += Self.describe(invocation, entry.action)
      }
    }
    if entries.isEmpty { lines.append("No actions are configured.") }
    return lines.joined(separator: "\n")
  }

  private static func describe(_ invocation: Invocation, _ action: Action) -> [String] {
    var lines = ["  would run \(invocation.path) in \(invocation.workingDirectory)"]
    for (index, argument) in invocation.arguments.enumerated() {
      lines.append("    argv[\(index)] \(shortened(quoted(String(decoding: argument, as: UTF8.self)), to: 500))")
    }
    for entry in invocation.environment {
      let text = String(decoding: entry, as: UTF8.self)
      lines.append("    env     \(shortened(text.printable, to: 500))")
    }
    if let input = invocation.standardInput {
      lines.append("    stdin   (\(action.standardInput.rawValue), \(input.count) bytes)")
      lines.append("      \(String(decoding: input, as: UTF8.self).printable)")
    } else {
      lines.append("    stdin   empty")
    }
    return lines
  }

  var json: String {
    let head = facts.map { "\(quoted($0.name)):\($0.name == "subject" ? $0.value : quoted($0.value))" }
    let actions = entries.map { entry -> String in
      var members = [
        "\"action\":\(quoted(entry.action.name))", "\"place\":\(quoted(entry.action.place))",
        "\"answer\":\(quoted(entry.verdict.answer.name))",
        "\"expired\":\(entry.isExpired)", "\"findings\":[\(entry.verdict.findings.map(\.json).joined(separator: ","))]",
      ]
      switch entry.invocation {
      case nil: break
      case .failure(let refusal): members.append("\"refused\":\(quoted(refusal.description))")
      case .success(let invocation): members.append("\"invocation\":\(Self.json(invocation))")
      }
      return "{\(members.joined(separator: ","))}"
    }
    return "{\(head.joined(separator: ",")),\"ignored\":\(isIgnored),\"actions\":[\(actions.joined(separator: ","))]}"
  }

  private static func json(_ invocation: Invocation) -> String {
    func texts(_ values: [[UInt8]]) -> String {
      "[" + values.map { quoted(String(decoding: $0, as: UTF8.self)) }.joined(separator: ",") + "]"
    }
    let input = invocation.standardInput.map { quoted(String(decoding: $0, as: UTF8.self)) } ?? "null"
    return """
      {"path":\(quoted(invocation.path)),"arguments":\(texts(invocation.arguments)),\
      "environment":\(texts(invocation.environment)),"working_directory":\(quoted(invocation.workingDirectory)),\
      "stdin":\(input)}
      """
  }
}

extension Verdict.Answer {
  fileprivate var words: String {
    switch self {
    case .matched: "matched"
    case .observed: "matched, observes only: nothing would run"
    case .disabled: "disabled"
    case .otherSource: "not matched: it does not take events of this source"
    case .otherEvent: "not matched: its events do not name this type"
    case .filtered: "not matched: a condition does not hold"
    }
  }

  fileprivate var name: String {
    switch self {
    case .matched: "matched"
    case .observed: "observed"
    case .disabled: "disabled"
    case .otherSource: "other_source"
    case .otherEvent: "other_event"
    case .filtered: "filtered"
    }
  }
}

extension Truth {
  fileprivate var name: String {
    switch self {
    case .yes: "yes"
    case .no: "no"
    case .unknown: "unknown"
    }
  }
}

extension Finding {
  fileprivate var line: String {
    let found = actual.map { "found \($0.printable)" } ?? "found nothing"
    return "\(truth.name.padded(to: 7)) \(condition.printable): \(found)\(reason.map { " (\($0))" } ?? "")"
  }

  fileprivate var json: String {
    func text(_ value: String?) -> String { value.map(quoted) ?? "null" }
    return """
      {"condition":\(quoted(condition)),"path":\(text(path)),"actual":\(text(actual)),"truth":\(quoted(truth.name)),\
      "reason":\(text(reason))}
      """
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
