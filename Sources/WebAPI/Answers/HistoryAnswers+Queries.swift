// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

/// What requests ask of events and runs.
extension HistoryAnswers {
  /// The parameters that restrict events.
  static let eventFilters =
    ["type", "group", "level", "tag", "object", "subject", "source", "result", "action", "state", "text"]
    + valueNames.map(\.name) + RequestParameters.timeNames

  private static let valueNames: [(name: String, end: any WritableKeyPath<ValueRange, Double?> & Sendable)] = [
    ("value", \.equal), ("value_gt", \.above), ("value_gte", \.least), ("value_lt", \.below), ("value_lte", \.most),
  ]

  /// What is asked of events.
  ///
  /// A parameter that none of `known` names is an object's kind, where there is such a kind: `node=n-1`.
  func eventQuery(_ parameters: RequestParameters, known: [String]) async throws(Problem) -> EventQuery {
    let kinds = try await check(parameters, known: Self.eventFilters + known)
    var query = EventQuery()
    query.type = try parameters.text("type")
    query.isWantedType = try typeTest(parameters)
    query.objects = try objects(parameters, kinds)
    query.subject = try parameters.text("subject")
    query.source = try parameters.text("source")
    query.tags = try parameters.texts("tag")
    query.value = try value(parameters)
    if let text = try parameters.text("text") {
      query.text = WordSearch(text)
      if query.text == nil { throw Problem.invalid("text", text, expected: "words of letters or digits") }
    }
    query.result = try parameters.choice("result")
    query.action = try parameters.text("action")
    query.state = try parameters.choice("state")
    (query.since, query.until) = try parameters.times(now: now())
    return query
  }

  /// What is asked of runs.
  func runQuery(_ parameters: RequestParameters, known: [String]) async throws(Problem) -> RunQuery {
    let own = ["event", "action", "state", "failed", "subject", "object", "type"] + RequestParameters.timeNames
    let kinds = try await check(parameters, known: own + known)
    var query = RunQuery()
    query.event = try parameters.number("event")
    query.action = try parameters.text("action")
    for text in parameters.all("state") {
      let state: RunState = try RequestParameters.choice("state", text)
      query.states.append(state)
    }
    if try parameters.flag("failed"), !query.states.contains(.failed) { query.states.append(.failed) }
    query.subject = try parameters.text("subject")
    query.objects = try objects(parameters, kinds)
    query.type = try parameters.text("type")
    (query.since, query.until) = try parameters.times(now: now())
    return query
  }

  /// Refuses parameters that are neither known nor kinds of objects; returns those that are kinds.
  private func check(_ parameters: RequestParameters, known: [String]) async throws(Problem) -> [String] {
    let others = parameters.items.map(\.name).filter { !known.contains($0) }
    guard !others.isEmpty else { return [] }
    let seen = try await asking { () async throws(JournalError) in try await journal.objectKinds() }
    let kinds = Array(Set(EventMapping.knownKinds + seen).subtracting(known)).sorted()
    try parameters.check(known: known + kinds)
    return others
  }

  private func objects(_ parameters: RequestParameters, _ kinds: [String]) throws(Problem) -> [ObjectName] {
    var objects: [ObjectName] = []
    for text in try parameters.texts("object") { objects.append(try Self.objectName(text)) }
    for kind in Set(kinds) {
      for name in try parameters.texts(kind) { objects.append(ObjectName(kind: kind, name: name)) }
    }
    return objects
  }

  /// `node:n-1`, `node=n-1`, or `n-1` for an object of any kind.
  static func objectName(_ text: String) throws(Problem) -> ObjectName {
    guard let separator = text.firstIndex(where: { $0 == ":" || $0 == "=" }) else {
      return ObjectName(kind: nil, name: text)
    }
    let (kind, name) = (text[..<separator], text[text.index(after: separator)...])
    guard !name.isEmpty else {
      throw Problem.invalid("object", text, expected: "KIND:NAME, or the name alone")
    }
    return ObjectName(kind: kind.isEmpty ? nil : String(kind), name: String(name))
  }

  /// Whether the group of a type has the name and the level that are asked for.
  private func typeTest(_ parameters: RequestParameters) throws(Problem) -> (@Sendable (String) -> Bool)? {
    let name = try parameters.text("group")
    let level: EventGroup.Level? = try parameters.choice("level")
    guard name != nil || level != nil else { return nil }
    let groups = groups()
    if let name, !groups.groups.contains(where: { $0.name == name }) {
      let names = groups.groups.map(\.name).joined(separator: ", ")
      throw Problem.invalid(
        "group", name, expected: names.isEmpty ? "nothing: no group is configured" : "one of \(names)")
    }
    return { type in
      guard let group = groups.group(ofType: type) else { return false }
      return (name == nil || group.name == name) && (level == nil || group.level == level)
    }
  }

  private func value(_ parameters: RequestParameters) throws(Problem) -> ValueRange? {
    var range = ValueRange()
    for (name, end) in Self.valueNames {
      guard let text = try parameters.text(name) else { continue }
      guard let number = Double(text), number.isFinite else {
        throw Problem.invalid(name, text, expected: "a number, such as 40 or 3.5")
      }
      range[keyPath: end] = number
    }
    return range == ValueRange() ? nil : range
  }
}
