// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

/// What a client wants of a stream; what is nil or empty does not restrict, and everything given has to hold.
struct StreamFilter: Sendable {
  var types: [EventPattern] = []
  var tags: [String] = []
  var objects: [ObjectName] = []
  var subject: String?
  var source: String?
  var result: EventResult?
  var group: String?
  var level: EventGroup.Level?
  var action: String?
  var states: [RunState] = []
  var event: Int64?

  init() {}

  /// - Throws: A problem that names the parameter that says something impossible.
  init(_ parameters: RequestParameters, of kind: StreamKind) throws(Problem) {
    try parameters.check(known: kind.filters + StreamKind.starts)
    if let patterns = try parameters.text("type") {
      types = patterns.split(separator: ",").map { pattern in EventPattern(String(pattern.trimmed)) }
    }
    tags = parameters.all("tag")
    for object in parameters.all("object") { objects.append(try HistoryAnswers.objectName(object)) }
    subject = try parameters.text("subject")
    source = try parameters.text("source")
    result = try parameters.choice("result")
    group = try parameters.text("group")
    level = try parameters.choice("level")
    action = try parameters.text("action")
    for text in parameters.all("state") {
      let state: RunState = try RequestParameters.choice("state", text)
      states.append(state)
    }
    event = try parameters.number("event")
  }

  /// Whether nothing is restricted, so that nothing has to be looked at.
  var takesAll: Bool {
    types.isEmpty && tags.isEmpty && objects.isEmpty && subject == nil && source == nil && result == nil && group == nil
      && level == nil && action == nil && states.isEmpty && event == nil
  }

  func takes(_ facts: StreamFacts) -> Bool {
    // The cheap ones first.
    if let subject, facts.subject != subject { return false }
    if let source, facts.source != source { return false }
    if let result, facts.result != result { return false }
    if let group, facts.group?.name != group { return false }
    if let level, facts.group?.level != level { return false }
    if let event, facts.event != event { return false }
    if let action, !facts.actions.contains(action) { return false }
    if !states.isEmpty, !(facts.state.map(states.contains) ?? false) { return false }
    if !tags.allSatisfy(facts.tags.contains) { return false }
    for object in objects {
      let isNamed = facts.objects.contains { $0.name == object.name && (object.kind == nil || $0.kind == object.kind) }
      if !isNamed { return false }
    }
    return types.isEmpty || types.contains { $0.matches(facts.type) }
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    guard let first = firstIndex(where: { $0 != " " }), let last = lastIndex(where: { $0 != " " }) else { return "" }
    return self[first...last]
  }
}
