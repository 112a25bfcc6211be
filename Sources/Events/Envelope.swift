// SPDX-License-Identifier: Apache-2.0

/// What a source says about a delivery beside its body.
package struct Envelope: Sendable {
  /// The name of the source, as in `[source:NAME]`; `default` for `[DEFAULT]`.
  package var source: String
  package var queue = ""
  package var exchange = ""
  package var routingKey = ""
  /// True when the broker may have handed this delivery out before.
  ///
  /// A hint, never proof.
  package var redelivered = false
  /// The AMQP property `message-id`.
  package var messageID: String?
  package var contentType: String?
  package var contentEncoding: String?
  /// Whether the body was inflated when it was kept: its encoding says what it had been.
  package var isInflated = false
  /// Message headers in their order on the wire.
  package var headers: [Header] = []
  /// When the delivery was received: nanoseconds since 1970-01-01T00:00:00Z on the real-time clock.
  package var received: Int64 = 0

  package struct Header: Sendable, Equatable {
    package var name: String
    package var value: Value

    package enum Value: Sendable, Equatable {
      case text(String)
      /// A number by its decimal text.
      case number(String)
      case boolean(Bool)
      /// A void field, or a type without a text form (table, array, decimal).
      case null
    }

    package init(name: String, value: Value) {
      self.name = name
      self.value = value
    }
  }

  package init(source: String) {
    self.source = source
  }
}
