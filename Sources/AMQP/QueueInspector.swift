// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ

/// Looks at queues as a visitor: never declares, consumes or takes anything.
package enum QueueInspector {
  /// What was seen of a broker.
  package struct Findings: Sendable, Equatable {
    /// "name:port" of the host that answered.
    package var host: String
    /// What the broker calls itself, such as "RabbitMQ 3.10.8".
    package var product: String
    /// In the order of the question.
    package var queues: [(name: String, state: QueueState)]

    package static func == (one: Self, other: Self) -> Bool {
      one.host == other.host && one.product == other.product
        && one.queues.elementsEqual(other.queues) { $0.name == $1.name && $0.state == $1.state }
    }
  }

  /// What the broker says about a queue.
  package enum QueueState: Sendable, Equatable {
    /// - Parameters:
    ///   - messages: Ready to be delivered; those that a consumer holds are not among them.
    ///   - consumers: Of all connections.
    case present(messages: UInt32, consumers: UInt32)
    /// There is no such queue, in the broker's words (404).
    case absent(reason: String)
    /// It cannot be looked at, in the broker's words: 403 = no permission, 405 = another connection's own.
    case closed(reason: String)
  }

  /// Looks at each queue on one short connection.
  ///
  /// The limit holds for connecting to each host, and for each answer. A connection that is lost on the way is
  /// `NoHostReached` too.
  package static func look(
    at queues: [String], of address: BrokerAddress, connectionName: String = "onevent check",
    limit: Duration = .seconds(10)
  ) throws(NoHostReached) -> Findings {
    let options = ConnectionOptions(name: connectionName, limit: limit)
    let connection = try BrokerConnection.open(toAnyHostOf: address, options: options)
    defer { connection.close(within: .seconds(1)) }
    var findings = Findings(host: connection.host, product: connection.product, queues: [])
    do throws(AMQPError) {
      try connection.openChannel()
      for queue in queues { findings.queues.append((queue, try look(at: queue, on: connection))) }
    } catch {
      throw NoHostReached(failures: [error])
    }
    return findings
  }

  /// A failed look costs the channel, which is opened anew.
  private static func look(at queue: String, on connection: BrokerConnection) throws(AMQPError) -> QueueState {
    guard (1...OutgoingMessage.shortLimit).contains(queue.utf8.count) else {
      return .absent(reason: "a queue's name has 1 to \(OutgoingMessage.shortLimit) bytes, not \(queue.utf8.count)")
    }
    let answer = queue.withAMQPBytes { name in
      amqp_queue_declare(connection.state, BrokerConnection.channel, name, 1, 0, 0, 0, amqp_table_t())
    }
    do throws(AMQPError) {
      try connection.check(amqp_get_rpc_reply(connection.state), "looking at queue \(queue)")
    } catch {
      guard case .channelClosed(_, let code, let text) = error else { throw error }
      try connection.openChannel()
      return code == 404 ? .absent(reason: "\(code) \(text)") : .closed(reason: "\(code) \(text)")
    }
    guard let answer = answer?.pointee else {
      throw .protocolViolation("looking at queue \(queue): an answer without content")
    }
    let state = QueueState.present(messages: answer.message_count, consumers: answer.consumer_count)
    amqp_maybe_release_buffers_on_channel(connection.state, BrokerConnection.channel)
    return state
  }
}
