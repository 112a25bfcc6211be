// SPDX-License-Identifier: Apache-2.0

/// A decoded notification.
///
/// A view into its decoder: valid until that decodes again.
package struct Event {
  let decoder: EventDecoder
  let form: Form
  /// The object that carries the sender's facts; null where the event has none.
  let message: JSONValue
  /// The payload as it was sent, versioned objects not unwrapped.
  package let payload: JSONValue
  /// The payload's data: `payload` unwrapped.
  let root: JSONValue
  /// The type: a text or number of the body, or a text of the envelope.
  var typeValue: FieldValue

  /// What the body turned out to be.
  enum Form: Sendable {
    case oslo, cloudEventStructured, cloudEventBinary, local, plain, tags, text
  }

  init(
    _ form: Form, _ decoder: EventDecoder, message: JSONValue, payload: JSONValue,
    type: FieldValue
  ) {
    self.form = form
    self.decoder = decoder
    self.message = message
    self.payload = payload
    root = payload.unwrapped
    typeValue = type
  }
}

extension Event {
  /// What its source said about the delivery.
  package var envelope: Envelope { decoder.envelope }

  /// When its delivery was received, as in the envelope, which need not be copied for it.
  package var received: Int64 { decoder.envelope.received }

  /// Hands over the type as UTF-8, without making a string.
  package func withType<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
    switch typeValue {
    case .json(let value): return try value.withText(body)
    case .text(let text), .number(let text):
      var text = text
      return try text.withUTF8(body)
    case .missing, .boolean, .null, .list: return try body(UnsafeBufferPointer(start: nil, count: 0))
    }
  }

  package var type: String { withType { String(decoding: $0, as: UTF8.self) } }

  /// The sender's identity of the event: oslo `message_id`, else `_unique_id`; CloudEvents `id`; what `event_id` of
  /// the source names; else the AMQP message-id.
  package var id: String? { fact(.id).name }

  /// The sender's time as it stands in the event.
  package var time: String? { fact(.time).name }

  /// Who sent it: oslo `publisher_id`, the `source` of a CloudEvent.
  package var publisher: String? { fact(.publisher).name }

  /// The priority as it stands in the event; oslo sends it in upper case.
  package var priority: String? { fact(.priority).name }

  /// The object that orders, `node_uuid` for ESI Leap; `.missing` when the event names none.
  ///
  /// The first path that finds a text or number which is not empty; others are passed over.
  package var subject: FieldValue { fact(.subject) }

  /// The body as received, inflated, the value of `_context_auth_token` blanked.
  ///
  /// Copied once for each event.
  package var body: [UInt8] { decoder.rendering(\.body) { decoder.lastBody } }

  /// Hands over what `body` is, without copying it.
  package func withBody<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { decoder.withBody(body) }

  /// The tags of the event, each once; with a tag `group:name` also `group`.
  ///
  /// A local event has those that it was given; `format = tags` the labels, then each tag as `key:value`.
  package var tags: [String] {
    if form == .local { return TagText.expanded(namedTags) }
    guard form == .tags else { return [] }
    var tags: [String] = []
    payload.member("labels")?.forEachElement {
      tags.append($0.text)
      return true
    }
    payload.member("tags")?.forEachDistinctMember { key, value in
      tags.append("\(String(decoding: key, as: UTF8.self)):\(value.text)")
    }
    return TagText.expanded(tags)
  }

  /// Finds the value at a path; see "path" in the configuration reference.
  ///
  /// Allocates nothing for paths into the payload. The result is a view as the event is.
  package func value(at path: FieldPath) -> FieldValue {
    switch path.root {
    case .payload:
      if let value = path.find(in: root) { return .json(value) }
      guard form == .tags, let tags = payload.member("tags") else { return .missing }
      return path.find(in: tags).map(FieldValue.json) ?? .missing
    case .raw: return path.find(in: payload.raw).map(FieldValue.json) ?? .missing
    case .context: return context(path)
    case .header(let name): return envelope.header(name)
    case .object(let kind): return object(kind)
    case .fact(let fact): return self.fact(fact)
    }
  }
}
