// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

/// What the filters of streams look at, of an event or of a run.
struct StreamFacts: Sendable {
  var event: Int64
  var type: String
  var subject: String?
  /// The actions of the event's runs; the one of a run.
  var actions: [String]
  var state: RunState?
  var source: String?
  var result: EventResult?
  var group: EventGroup?
  /// A tag `group:name` stands here twice, as itself and as `group`.
  var tags: [String] = []
  var objects: [(kind: String, name: String)] = []

  /// Bytes that they take about.
  var size: Int {
    let texts = [type, subject ?? ""] + actions + tags + objects.flatMap { [$0.kind, $0.name] }
    return texts.reduce(256) { $0 + $1.utf8.count + 16 }
  }
}

extension StreamFacts {
  /// Reads what is stored as JSON in the memory of the document; a list of many uses one.
  init(_ news: EventNews, group: EventGroup?, _ document: JSONDocument) {
    let event = news.event
    self.init(
      event: event.number, type: event.type, subject: event.subject, actions: news.actions, state: nil,
      source: event.source, result: event.result, group: group)
    if let tags = event.tags, (try? document.parse(Array(tags.utf8))) != nil {
      for tag in document.root.elements.map(\.text) {
        self.tags.append(tag)
        if let colon = tag.firstIndex(of: ":"), colon > tag.startIndex { self.tags.append(String(tag[..<colon])) }
      }
    }
    if (try? document.parse(Array(event.objects.utf8))) != nil {
      objects = document.root.members.map { ($0.key, $0.value.text) }
    }
  }

  init(_ run: StoredRun) {
    self.init(
      event: run.event, type: run.eventType, subject: run.subject, actions: [run.action], state: run.state,
      source: nil, result: nil, group: nil)
  }
}
