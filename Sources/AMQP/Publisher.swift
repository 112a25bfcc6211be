// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ

/// Publishes messages one by one, each of them known to be in a queue before the call returns.
///
/// The broker confirms what it has taken charge of, unroutable messages too: those it returns first. So a message counts
/// as published when it is confirmed and was not returned.
///
/// Blocks its caller; not for two threads at once.
package final class Publisher {
  private let connection: BrokerConnection
  private let answerLimit: Duration
  /// Of the last message on this channel, as the broker numbers them; nil while there is no channel.
  private var number: UInt64?
  /// The broker's reason while it does not read from publishers.
  private var blocked: String?

  /// Connects to the first host that lets us.
  ///
  /// `connectTimeout` holds for each host and covers name resolution, TCP, TLS and log-in; `answerLimit` is how long
  /// a confirmation may take. The broker's management shows the connection's name.
  package init(
    _ address: BrokerAddress, connectionName: String = "onevent send",
    connectTimeout: Duration = .seconds(10), answerLimit: Duration = .seconds(10)
  ) throws(NoHostReached) {
    self.answerLimit = answerLimit
    // The library sends heartbeats only inside its calls, and a caller may think between two messages.
    let options = ConnectionOptions(name: connectionName, heartbeat: .seconds(60), limit: connectTimeout)
    connection = try BrokerConnection.open(toAnyHostOf: address, options: options)
  }

  /// "name:port" of the host that it is connected to.
  package var host: String { connection.host }

  /// Publishes a message and waits until the broker has it in a queue.
  ///
  /// After `returned`, `refused`, `tooLong` and a closed channel the next message can be published; after any other
  /// error this publisher is of no use any more.
  package func publish(_ message: OutgoingMessage) throws(PublishError) {
    if let (part, size) = message.tooLong { throw .tooLong(part: part, size: size) }
    do throws(AMQPError) {
      guard connection.isUsable else {
        throw .connectionLost(operation: "publishing", reason: "the connection ended with an earlier message")
      }
      try openChannelIfNeeded()
      try send(message)
    } catch {
      if error.endsOnlyTheChannel { number = nil }
      throw .broker(error)
    }
    try awaitAnswer(to: message)
  }

  /// Says goodbye to the broker.
  package func close() {
    connection.close(within: .seconds(1))
  }

  private func openChannelIfNeeded() throws(AMQPError) {
    if number != nil { return }
    try connection.openChannel()
    amqp_confirm_select(connection.state, BrokerConnection.channel)
    try connection.check(amqp_get_rpc_reply(connection.state), "asking for confirmations")
    number = 0
  }

  private func send(_ message: OutgoingMessage) throws(AMQPError) {
    let headers = FieldTable(message.headers.map { ($0.name, .text($0.value)) })
    let status = headers.withTable { table in
      message.withProperties(headers: table) { properties in
        message.exchange.withAMQPBytes { exchange in
          message.routingKey.withAMQPBytes { routingKey in
            message.body.withUnsafeBytes { body in
              var properties = properties
              let bytes = amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress))
              return amqp_basic_publish(
                connection.state, BrokerConnection.channel, exchange, routingKey, 1, 0, &properties, bytes)
            }
          }
        }
      }
    }
    try connection.check(status, "publishing")
    number = number.map { $0 &+ 1 }
  }
}

// MARK: - The broker's answer

extension Publisher {
  private enum Answer {
    case confirmed(UInt64, multiple: Bool)
    case refused(UInt64, multiple: Bool)
    case returned(code: UInt16, text: String)
  }

  private func awaitAnswer(to message: OutgoingMessage) throws(PublishError) {
    let deadline = Instant.now.advanced(by: answerLimit)
    var returned: PublishError?
    while let answer = try nextAnswer(until: deadline) {
      switch answer {
      case .returned(let code, let text):
        returned = .returned(exchange: message.exchange, routingKey: message.routingKey, code: code, text: text)
      case .confirmed(let tag, let multiple) where concerns(tag, multiple):
        if let returned { throw returned }
        return
      case .refused(let tag, let multiple) where concerns(tag, multiple):
        throw .refused(exchange: message.exchange)
      case .confirmed, .refused: break
      }
    }
    // A late answer would be taken for that to the next message.
    connection.close(within: .milliseconds(200))
    throw .unanswered(after: answerLimit, blocked: blocked)
  }

  private func concerns(_ tag: UInt64, _ multiple: Bool) -> Bool {
    guard let number else { return false }
    return multiple ? tag >= number : tag == number
  }

  /// The next frame that answers a message; nil when the time is over.
  private func nextAnswer(until deadline: Instant) throws(PublishError) -> Answer? {
    do throws(AMQPError) {
      while true {
        let now = Instant.now
        guard now < deadline else { return nil }
        var interval = onevent_interval(now.duration(until: deadline).microseconds)
        var frame = amqp_frame_t()
        amqp_maybe_release_buffers_on_channel(connection.state, BrokerConnection.channel)
        let status = amqp_simple_wait_frame_noblock(connection.state, &frame, &interval)
        if status == AMQP_STATUS_TIMEOUT.rawValue { return nil }
        try connection.check(status, "waiting for a confirmation")
        // A returned message comes with its header and body, which we know.
        guard frame.frame_type == UInt8(AMQP_FRAME_METHOD) else { continue }
        if let answer = try answer(frame.payload.method) { return answer }
      }
    } catch {
      if error.endsOnlyTheChannel { number = nil }
      throw .broker(error)
    }
  }

  private func answer(_ method: amqp_method_t) throws(AMQPError) -> Answer? {
    if let error = Reply.closed(method, "publishing") { throw connection.noting(error) }
    guard let decoded = method.decoded else { return nil }
    switch method.id {
    case onevent_basic_ack:
      let ack = decoded.assumingMemoryBound(to: amqp_basic_ack_t.self).pointee
      return .confirmed(ack.delivery_tag, multiple: ack.multiple != 0)
    case onevent_basic_nack:
      let nack = decoded.assumingMemoryBound(to: amqp_basic_nack_t.self).pointee
      return .refused(nack.delivery_tag, multiple: nack.multiple != 0)
    case onevent_basic_return:
      let returned = decoded.assumingMemoryBound(to: amqp_basic_return_t.self).pointee
      return .returned(code: returned.reply_code, text: Reply.text(returned.reply_text))
    case onevent_connection_blocked:
      let notice = decoded.assumingMemoryBound(to: amqp_connection_blocked_t.self).pointee
      blocked = Reply.text(notice.reason)
      return nil
    case onevent_connection_unblocked:
      blocked = nil
      return nil
    default: return nil
    }
  }
}

extension OutgoingMessage {
  /// Lends the message's properties; nothing of them may be kept.
  fileprivate func withProperties<Result>(
    headers table: amqp_table_t, _ body: (amqp_basic_properties_t) -> Result
  ) -> Result {
    var properties = amqp_basic_properties_t()
    properties.delivery_mode = 2
    properties._flags = PropertyFlag.deliveryMode
    if table.num_entries > 0 {
      properties.headers = table
      properties._flags |= PropertyFlag.headers
    }
    return (contentType ?? "").withAMQPBytes { type in
      (contentEncoding ?? "").withAMQPBytes { encoding in
        (messageID ?? "").withAMQPBytes { id in
          properties.content_type = type
          properties.content_encoding = encoding
          properties.message_id = id
          if contentType != nil { properties._flags |= PropertyFlag.contentType }
          if contentEncoding != nil { properties._flags |= PropertyFlag.contentEncoding }
          if messageID != nil { properties._flags |= PropertyFlag.messageID }
          return body(properties)
        }
      }
    }
  }
}

/// Says which properties are there: macros of <amqp_framing.h> that Swift does not import.
private enum PropertyFlag {
  static let contentType: amqp_flags_t = 1 << 15
  static let contentEncoding: amqp_flags_t = 1 << 14
  static let headers: amqp_flags_t = 1 << 13
  static let deliveryMode: amqp_flags_t = 1 << 12
  static let messageID: amqp_flags_t = 1 << 7
}
