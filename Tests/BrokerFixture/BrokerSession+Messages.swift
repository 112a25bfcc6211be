// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ
import Glibc

extension BrokerSession {
  /// Publishes one message and waits until the broker has it.
  package func publish(
    _ body: String, exchange: String = "", routingKey: String, properties: MessageProperties = MessageProperties()
  ) throws {
    try publish(
      CollectionOfOne(Array(body.utf8)), exchange: exchange, routingKey: routingKey, properties: properties)
  }

  /// Publishes messages as fast as they go.
  ///
  /// Without `confirmed` they may still be on their way when this returns.
  package func publish(
    _ bodies: some Sequence<[UInt8]>, exchange: String = "", routingKey: String,
    properties: MessageProperties = MessageProperties(), confirmed: Bool = true
  ) throws {
    try publish(
      bodies.lazy.map { (routingKey: routingKey, body: $0) }, exchange: exchange, properties: properties,
      confirmed: confirmed)
  }

  /// Publishes messages, each with a routing key of its own.
  package func publish(
    _ messages: some Sequence<(routingKey: String, body: [UInt8])>, exchange: String,
    properties: MessageProperties = MessageProperties(), confirmed: Bool = true
  ) throws {
    if confirmed, confirms == nil {
      amqp_confirm_select(connection, channel)
      try check("ask for confirms")
      confirms = Confirms()
    }
    let memory = WireMemory()
    var wireProperties = memory.properties(properties)
    let exchangeName = memory.bytes(exchange)
    for (routingKey, body) in messages {
      let status = Self.withBytes(Array(routingKey.utf8)) { key in
        Self.withBytes(body) { bytes in
          amqp_basic_publish(connection, channel, exchangeName, key, 0, 0, &wireProperties, bytes)
        }
      }
      guard status == AMQP_STATUS_OK.rawValue else {
        throw BrokerSessionError(description: "publish to \(exchange): \(String(cString: amqp_error_string2(status)))")
      }
      confirms?.publishedOne()
      // The answers must not pile up in the socket while we only write.
      while let confirms, confirms.outstanding > 2_000 { try awaitConfirm() }
    }
    while let confirms, confirms.outstanding > 0 { try awaitConfirm() }
  }

  /// Takes the oldest message of a queue and settles it; nil when the queue is empty.
  package func get(_ queue: String) throws -> Message? {
    let memory = WireMemory()
    let reply = amqp_basic_get(connection, channel, memory.bytes(queue), 1)
    try check(reply, "get from queue \(queue)")
    guard reply.reply.id == MethodNumber.basicGetOK, let decoded = reply.reply.decoded else { return nil }
    let answer = decoded.load(as: amqp_basic_get_ok_t.self)
    let exchange = String(copying: answer.exchange)
    let routingKey = String(copying: answer.routing_key)
    var message = amqp_message_t()
    try check(amqp_read_message(connection, channel, &message, 0), "read a message of queue \(queue)")
    defer {
      amqp_destroy_message(&message)
      amqp_maybe_release_buffers_on_channel(connection, channel)
    }
    return Message(
      body: Array(UnsafeRawBufferPointer(start: message.body.bytes, count: message.body.len)), exchange: exchange,
      routingKey: routingKey, redelivered: answer.redelivered != 0, properties: MessageProperties(message.properties))
  }

  /// Takes all messages of a queue and settles them.
  package func drain(_ queue: String) throws -> [Message] {
    var messages: [Message] = []
    while let message = try get(queue) { messages.append(message) }
    return messages
  }

  private func awaitConfirm() throws {
    var limit = onevent_interval(30_000_000)
    var frame = amqp_frame_t()
    let status = amqp_simple_wait_frame_noblock(connection, &frame, &limit)
    guard status == AMQP_STATUS_OK.rawValue else {
      throw BrokerSessionError(description: "await confirms: \(String(cString: amqp_error_string2(status)))")
    }
    guard frame.frame_type == UInt8(AMQP_FRAME_METHOD) else { return }
    let method = frame.payload.method
    guard method.id == MethodNumber.basicAck, let decoded = method.decoded else {
      throw refused(method, "publish")
    }
    let acknowledgement = decoded.load(as: amqp_basic_ack_t.self)
    confirms?.confirmed(acknowledgement.delivery_tag, multiple: acknowledgement.multiple != 0)
    amqp_maybe_release_buffers_on_channel(connection, channel)
  }

  private static func withBytes<Value>(_ bytes: [UInt8], _ body: (amqp_bytes_t) -> Value) -> Value {
    bytes.withUnsafeBytes {
      body(amqp_bytes_t(len: $0.count, bytes: UnsafeMutableRawPointer(mutating: $0.baseAddress)))
    }
  }
}
