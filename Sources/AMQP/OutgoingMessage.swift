// SPDX-License-Identifier: Apache-2.0

/// A message to publish: persistent, and mandatory, so that it must reach at least one queue.
package struct OutgoingMessage: Sendable {
  package var body: [UInt8]
  /// Empty = the default exchange, where the routing key is a queue's name.
  package var exchange: String
  package var routingKey: String
  package var contentType: String? = "application/json"
  package var contentEncoding: String? = "utf-8"
  package var messageID: String?
  package var headers: [(name: String, value: String)] = []

  package init(body: [UInt8], exchange: String, routingKey: String) {
    self.body = body
    self.exchange = exchange
    self.routingKey = routingKey
  }
}

extension OutgoingMessage {
  /// What AMQP calls a short string has a length of one byte; the library would cut the length and send the rest as
  /// something else.
  static let shortLimit = 255

  /// The first part that is too long for the protocol.
  var tooLong: (part: String, size: Int)? {
    var parts: [(part: String, text: String?)] = [
      ("exchange", exchange), ("routing key", routingKey), ("content type", contentType),
      ("content encoding", contentEncoding), ("message id", messageID),
    ]
    for header in headers { parts.append(("header name", header.name)) }
    for (part, text) in parts {
      if let size = text?.utf8.count, size > Self.shortLimit { return (part, size) }
    }
    return nil
  }
}
