// SPDX-License-Identifier: Apache-2.0

/// Why something about a broker did not work, as a sentence with the broker's own words in it.
package enum AMQPError: Error, Sendable, Equatable {
  /// The name has no address, or none was found in time.
  case nameResolution(host: String, reason: String)
  /// No TCP connection.
  case unreachable(host: String, reason: String)
  /// No TLS, or the certificate is not the one that was asked for.
  case tls(host: String, reason: String)
  /// A file that the connection needs cannot be used.
  case file(path: String, reason: String)
  /// The broker closed the connection, or refused to open it, with AMQP's reply code.
  case connectionClosed(operation: String, code: UInt16, text: String)
  /// The broker closed the channel with AMQP's reply code.
  case channelClosed(operation: String, code: UInt16, text: String)
  /// The connection ended or cannot be used any more.
  case connectionLost(operation: String, reason: String)
  /// The broker sent what AMQP 0-9-1 does not allow.
  case protocolViolation(String)
  /// Given up on request.
  case interrupted
}

extension AMQPError {
  /// AMQP's reply code, where the broker gave one: 404 = not found, 403 = access refused, 406 = precondition failed.
  package var replyCode: UInt16? {
    switch self {
    case .connectionClosed(_, let code, _), .channelClosed(_, let code, _): code
    default: nil
    }
  }

  /// Whether the channel alone is gone, and the connection can go on with a new one.
  package var endsOnlyTheChannel: Bool {
    if case .channelClosed = self { true } else { false }
  }
}

extension AMQPError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .nameResolution(let host, let reason): "\(host) was not resolved: \(reason)"
    case .unreachable(let host, let reason): "\(host) was not reached: \(reason)"
    case .tls(let host, let reason): "TLS with \(host) failed: \(reason)"
    case .file(let path, let reason): "\(path) cannot be used: \(reason)"
    case .connectionClosed(let operation, let code, let text):
      "\(operation): the broker closed the connection: \(code) \(text)"
    case .channelClosed(let operation, let code, let text):
      "\(operation): the broker closed the channel: \(code) \(text)"
    case .connectionLost(let operation, let reason): "\(operation): the connection was lost: \(reason)"
    case .protocolViolation(let what): "the broker broke the protocol: \(what)"
    case .interrupted: "given up on request"
    }
  }
}
