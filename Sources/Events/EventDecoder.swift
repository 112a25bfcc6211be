// SPDX-License-Identifier: Apache-2.0

/// Turns bodies into events. Owned by one thread; its memory is reused from one body to the next.
package final class EventDecoder {
  package let mapping: EventMapping
  /// The size in bytes that an inflated body may have.
  package let inflatedLimit: Int

  package init(_ mapping: EventMapping, inflatedLimit: Int) {
    self.mapping = mapping
    self.inflatedLimit = inflatedLimit
  }

  /// Decodes one body. The event is a view, valid until the next call.
  package func decode(_ body: UnsafeRawBufferPointer, _ envelope: Envelope) throws(DecodingFailure) -> Event {
    fatalError("stub")
  }
}

/// How a source's bodies become events: keys `format`, `event_type`, `event_id`, `event_time`, `subject`, `objects`.
package struct EventMapping: Sendable {
  package enum Format: String, Sendable, CaseIterable { case auto, tags, text }
  package var format = Format.auto
  package var type: FieldPath?
  package var id: FieldPath?
  package var time: FieldPath?
  /// Paths tried in order; the first that holds a text or number is the subject.
  package var subject: [FieldPath] = []
  package var objects: [(kind: String, path: FieldPath)] = []

  package init() {}
}

/// Why a body is not an event, as a sentence that names what was found and where.
package struct DecodingFailure: Error, Equatable, CustomStringConvertible {
  package var description: String
}
