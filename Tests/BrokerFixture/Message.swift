// SPDX-License-Identifier: Apache-2.0

/// What a test publishes beside the body.
///
/// By default as oslo.messaging does: JSON, UTF-8, persistent.
package struct MessageProperties: Sendable, Equatable {
  package enum Field: Sendable, Equatable {
    case text(String)
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
    case null
    /// A field table, which has no text form.
    case table([String: String])
  }

  package var contentType: String? = "application/json"
  package var contentEncoding: String? = "utf-8"
  package var persistent = true
  package var messageID: String?
  package var headers: [(name: String, value: Field)] = []

  package init() {}

  package static func == (one: Self, other: Self) -> Bool {
    one.contentType == other.contentType && one.contentEncoding == other.contentEncoding
      && one.persistent == other.persistent && one.messageID == other.messageID
      && one.headers.elementsEqual(other.headers) { $0.name == $1.name && $0.value == $1.value }
  }
}

/// A message that a test took from a queue.
package struct Message: Sendable, Equatable {
  package var body: [UInt8]
  package var exchange: String
  package var routingKey: String
  package var redelivered: Bool
  package var properties: MessageProperties

  package var text: String { String(decoding: body, as: UTF8.self) }
}

extension MessageProperties.Field: ExpressibleByStringLiteral {
  package init(stringLiteral value: String) { self = .text(value) }
}

extension MessageProperties.Field: ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(booleanLiteral value: Bool) { self = .boolean(value) }
}
