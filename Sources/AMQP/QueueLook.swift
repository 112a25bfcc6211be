// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ

/// Looks for queues, and declares and binds those that are ours, on a short connection of its own.
///
/// A look that fails closes its channel, and a closed channel gives every unacknowledged delivery back. That must not
/// happen to the deliveries of healthy queues.
struct QueueLook: Sendable {
  enum Finding: Sendable, Equatable {
    /// It is there; bindings that could not be made are told with the broker's words.
    case found(bindingProblems: [String])
    case missing
    /// It could not be looked for or declared.
    case refused(String)
  }

  struct Report: Sendable {
    /// The connection of the consumer for which it was made.
    var generation: UInt32
    var findings: [(queue: String, finding: Finding)] = []
    /// Why the look did not come to its end.
    var failure: AMQPError?
  }

  var host: BrokerAddress.Host
  var address: BrokerAddress
  var options: ConnectionOptions
  var queues: [QueueSettings]
  var generation: UInt32
  let interrupter = Interrupter()

  /// Looks, on the calling thread; bounded by the options' limit per step.
  func run() -> Report {
    var report = Report(generation: generation)
    do throws(AMQPError) {
      let connection = try BrokerConnection(to: host, of: address, options: options, interrupter: interrupter)
      defer { connection.close(within: .seconds(1)) }
      try connection.openChannel()
      for queue in queues {
        report.findings.append((queue.name, try look(for: queue, on: connection)))
      }
    } catch {
      report.failure = error
    }
    return report
  }

  private func look(
    for queue: QueueSettings, on connection: BrokerConnection
  ) throws(AMQPError) -> Finding {
    do throws(AMQPError) {
      try connection.declare(queue)
    } catch {
      try renewChannel(of: connection, after: error)
      // 404 NOT_FOUND; nothing else says that there is no such queue.
      return error.replyCode == 404 && queue.declaration == .passive ? .missing : .refused("\(error)")
    }
    var problems: [String] = []
    for binding in queue.bindings {
      do throws(AMQPError) {
        try connection.bind(queue.name, binding)
      } catch {
        try renewChannel(of: connection, after: error)
        problems.append("\(error)")
      }
    }
    return .found(bindingProblems: problems)
  }

  private func renewChannel(of connection: BrokerConnection, after error: AMQPError) throws(AMQPError) {
    guard error.endsOnlyTheChannel else { throw error }
    try connection.openChannel()
  }
}

extension BrokerConnection {
  /// Looks for a queue, or declares it as its settings say.
  func declare(_ queue: QueueSettings) throws(AMQPError) {
    switch queue.declaration {
    case .passive:
      queue.name.withAMQPBytes { name in
        _ = amqp_queue_declare(state, Self.channel, name, 1, 0, 0, 0, amqp_empty_table)
      }
      try check(amqp_get_rpc_reply(state), "looking for the queue \(queue.name)")
    case .create(let durable, let autoDelete, let type, let arguments):
      let table = FieldTable(Self.arguments(type: type, arguments))
      queue.name.withAMQPBytes { name in
        table.withTable { table in
          _ = amqp_queue_declare(state, Self.channel, name, 0, durable ? 1 : 0, 0, autoDelete ? 1 : 0, table)
        }
      }
      try check(amqp_get_rpc_reply(state), "declaring the queue \(queue.name)")
    }
  }

  /// Binds a queue to an exchange, which must be there.
  func bind(_ queue: String, _ binding: QueueSettings.Binding) throws(AMQPError) {
    queue.withAMQPBytes { queue in
      binding.exchange.withAMQPBytes { exchange in
        binding.pattern.withAMQPBytes { pattern in
          _ = amqp_queue_bind(state, Self.channel, queue, exchange, pattern, amqp_empty_table)
        }
      }
    }
    let operation = "binding \(queue) to the exchange \(binding.exchange) with \(binding.pattern)"
    try check(amqp_get_rpc_reply(state), operation)
  }

  /// Spelled numbers and booleans become such: RabbitMQ refuses `x-max-length` as text.
  static func arguments(type: String?, _ spelled: [String: String]) -> [(name: String, value: FieldTable.Value)] {
    var arguments: [(name: String, value: FieldTable.Value)] = []
    if let type { arguments.append(("x-queue-type", .text(type))) }
    for (name, text) in spelled.sorted(by: { $0.key < $1.key }) where name != "x-queue-type" || type == nil {
      let value: FieldTable.Value =
        switch text {
        case "true": .boolean(true)
        case "false": .boolean(false)
        default: Int64(text).map { .integer($0) } ?? .text(text)
        }
      arguments.append((name, value))
    }
    return arguments
  }
}
