// SPDX-License-Identifier: Apache-2.0

/// How a source's bodies become events: keys `format`, `event_type`, `event_id`, `event_time`, `subject`, `objects`.
package struct EventMapping: Sendable {
  package enum Format: String, Sendable, CaseIterable { case auto, tags, text }
  package var format = Format.auto
  /// Where the type stands in plain JSON; where it finds nothing, the routing key is the type.
  package var type: FieldPath?
  package var id: FieldPath?
  package var time: FieldPath?
  /// Paths tried in order; the first that holds a text or number is the subject.
  package var subject: [FieldPath] = []
  package var objects: [(kind: String, path: FieldPath)] = []
  /// Where the event itself has a map of its objects, kind to name; `objects` goes before it.
  package var objectMap: FieldPath?

  package init() {}
}
