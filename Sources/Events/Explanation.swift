// SPDX-License-Identifier: Apache-2.0

/// What every action says of one event, and what would run.
package struct Explanation {
  package struct Entry {
    package var action: Action
    package var verdict: Verdict
    /// What would run, or why it would not; nil where nothing matched.
    package var invocation: Result<Invocation, Refusal>?
    /// Whether the event is older than the action's `max_event_age`, now.
    package var isExpired = false
  }

  /// What tells the event apart; `subject` as JSON.
  package let facts: [(name: String, value: String)]
  /// In the order of the files.
  package let entries: [Entry]
  /// Whether its source drops events of its type.
  package let isIgnored: Bool

  /// Asks every action of a table.
  package init(_ event: Event, _ table: ActionTable, ignored: [EventPattern], groups: EventGroups = EventGroups()) {
    isIgnored = event.withType { type in ignored.contains { $0.matches(type) } }
    let group = groups.group(ofType: event.type).map { [("group", $0.name), ("level", $0.level.rawValue)] } ?? []
    facts =
      [
        ("type", event.type), ("id", event.id ?? "-"), ("time", event.time ?? "-"), ("subject", event.subject.jsonText),
        ("source", event.envelope.source),
      ] + group
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

  /// Whether any action takes it.
  package var hasMatch: Bool {
    !isIgnored && entries.contains { $0.verdict.answer == .matched || $0.verdict.answer == .observed }
  }

  /// As one JSON object; with the scripts' environment and standard input, which may hold secrets of the configuration,
  /// or without.
  package func json(withWorld: Bool = true) -> String {
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
      case .success(let invocation): members.append("\"invocation\":\(Self.json(invocation, withWorld: withWorld))")
      }
      return "{\(members.joined(separator: ","))}"
    }
    return "{\(head.joined(separator: ",")),\"ignored\":\(isIgnored),\"actions\":[\(actions.joined(separator: ","))]}"
  }

  private static func json(_ invocation: Invocation, withWorld: Bool) -> String {
    func texts(_ values: [[UInt8]]) -> String {
      "[" + values.map { quoted(String(decoding: $0, as: UTF8.self)) }.joined(separator: ",") + "]"
    }
    let input = invocation.standardInput.map { quoted(String(decoding: $0, as: UTF8.self)) } ?? "null"
    let world = withWorld ? ",\"environment\":\(texts(invocation.environment)),\"stdin\":\(input)" : ""
    return """
      {"path":\(quoted(invocation.path)),"arguments":\(texts(invocation.arguments)),\
      "working_directory":\(quoted(invocation.workingDirectory))\(world)}
      """
  }
}

extension Verdict.Answer {
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
  /// The word for it in answers.
  package var name: String {
    switch self {
    case .yes: "yes"
    case .no: "no"
    case .unknown: "unknown"
    }
  }
}

extension Finding {
  fileprivate var json: String {
    func text(_ value: String?) -> String { value.map(quoted) ?? "null" }
    return """
      {"condition":\(quoted(condition)),"path":\(text(path)),"actual":\(text(actual)),"truth":\(quoted(truth.name)),\
      "reason":\(text(reason))}
      """
  }
}

extension FieldValue {
  fileprivate var jsonText: String {
    var bytes: [UInt8] = []
    appendJSON(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A text as a JSON string.
private func quoted(_ text: String) -> String {
  var bytes: [UInt8] = []
  bytes.appendJSON(text: text.utf8)
  return String(decoding: bytes, as: UTF8.self)
}
