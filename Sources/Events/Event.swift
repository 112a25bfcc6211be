// SPDX-License-Identifier: Apache-2.0

/// A decoded notification. A view into its decoder: valid until that decodes again.
package struct Event {
  package let envelope: Envelope

  /// Hands over the type as UTF-8, without making a string.
  package func withType<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R { fatalError("stub") }
  package var type: String { fatalError("stub") }
  /// The sender's identity of the event: oslo `message_id`, CloudEvents `id`, the AMQP message-id …
  package var id: String? { fatalError("stub") }
  /// The sender's time as it stands in the event.
  package var time: String? { fatalError("stub") }
  /// The object that orders, `node_uuid` for ESI Leap; `.missing` when the event names none.
  package var subject: FieldValue { fatalError("stub") }
  /// The payload as it was sent, versioned objects not unwrapped.
  package var payload: JSONValue { fatalError("stub") }
  /// The body as received, inflated, the value of `_context_auth_token` blanked.
  package var body: [UInt8] { fatalError("stub") }

  package func value(at path: FieldPath) -> FieldValue { fatalError("stub") }

  /// The event as one JSON object, as scripts read it on their standard input.
  ///
  /// - Parameter number: The event's number in this daemon, when it has one.
  package func normalizedJSON(number: UInt64?) -> [UInt8] { fatalError("stub") }

  /// Every addressable path with its value, payload first, in order of the text; then the envelope's.
  package func addressablePaths() -> [(path: String, value: FieldValue)] { fatalError("stub") }
}
