// SPDX-License-Identifier: Apache-2.0

/// Why a message is not known to be in a queue, as a sentence with the broker's own words in it.
package enum PublishError: Error, Sendable, Equatable {
  /// The broker took the message and returned it: it fits no queue.
  case returned(exchange: String, routingKey: String, code: UInt16, text: String)
  /// The broker says that it could not keep the message.
  case refused(exchange: String)
  /// No answer in time; the message may have arrived or not.
  ///
  /// - Parameter blocked: The broker's reason where it has stopped reading from publishers.
  case unanswered(after: Duration, blocked: String?)
  /// A part of the message is longer than the protocol allows.
  case tooLong(part: String, size: Int)
  /// Channel or connection ended; a channel that is closed with 404 means that there is no such exchange.
  case broker(AMQPError)
}

extension PublishError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .returned(let exchange, let routingKey, let code, let text):
      "publishing to \(Self.name(exchange)) with routing key `\(routingKey)`: the broker returned the message: "
        + "\(code) \(text). No queue is bound for it: correct the routing key, or bind a queue"
    case .refused(let exchange):
      "publishing to \(Self.name(exchange)): the broker could not keep the message (basic.nack); its log says why"
    case .unanswered(let limit, nil):
      "publishing: no confirmation within \(limit); the message may have arrived or not"
    case .unanswered(let limit, let reason?):
      "publishing: no confirmation within \(limit), because the broker has stopped taking messages: \(reason)"
    case .tooLong(let part, let size):
      "publishing: the \(part) has \(size) bytes; AMQP allows \(OutgoingMessage.shortLimit)"
    case .broker(let error): error.description
    }
  }

  private static func name(_ exchange: String) -> String {
    exchange.isEmpty ? "the default exchange" : "exchange `\(exchange)`"
  }
}
