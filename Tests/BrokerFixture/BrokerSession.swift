// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ
import Glibc

/// A connection with which a test declares, publishes and looks, apart from the code under test.
///
/// Every call blocks for at most 30 s. After an error the channel is opened anew, so a session can be used on.
/// Not thread-safe: one test, one session.
package final class BrokerSession {
  let connection: amqp_connection_state_t
  let channel: amqp_channel_t = 1
  /// Nil until confirms are asked for on this channel.
  var confirms: Confirms?

  package init(port: UInt16, virtualHost: String = "/", user: String = "guest", password: String = "guest") throws {
    guard let connection = amqp_new_connection() else {
      throw BrokerSessionError(description: "a connection could not be allocated")
    }
    self.connection = connection
    var limit = onevent_interval(30_000_000)
    amqp_set_handshake_timeout(connection, &limit)
    amqp_set_rpc_timeout(connection, &limit)
    guard let socket = amqp_tcp_socket_new(connection) else {
      throw BrokerSessionError(description: "a socket could not be allocated")
    }
    let status = amqp_socket_open_noblock(socket, "127.0.0.1", Int32(port), &limit)
    guard status == AMQP_STATUS_OK.rawValue else {
      throw BrokerSessionError(description: "127.0.0.1:\(port): \(String(cString: amqp_error_string2(status)))")
    }
    var properties = amqp_table_t()
    try check(onevent_login_plain(connection, virtualHost, 131_072, 0, &properties, user, password), "log in")
    try openChannel()
  }

  deinit {
    amqp_connection_close(connection, AMQP_REPLY_SUCCESS)
    amqp_destroy_connection(connection)
  }

  /// Declares a queue, with arguments such as `["x-queue-type": "quorum", "x-max-length": 10]`.
  package func declareQueue(
    _ name: String, durable: Bool = false, autoDelete: Bool = false, exclusive: Bool = false,
    arguments: [String: MessageProperties.Field] = [:]
  ) throws {
    let memory = WireMemory()
    amqp_queue_declare(
      connection, channel, memory.bytes(name), 0, durable ? 1 : 0, exclusive ? 1 : 0, autoDelete ? 1 : 0,
      memory.table(arguments.map { ($0.key, $0.value) }))
    try check("declare queue \(name)")
  }

  package func deleteQueue(_ name: String) throws {
    let memory = WireMemory()
    amqp_queue_delete(connection, channel, memory.bytes(name), 0, 0)
    try check("delete queue \(name)")
  }

  package func purgeQueue(_ name: String) throws {
    let memory = WireMemory()
    amqp_queue_purge(connection, channel, memory.bytes(name))
    try check("purge queue \(name)")
  }

  package func declareExchange(_ name: String, type: String = "topic", durable: Bool = false) throws {
    let memory = WireMemory()
    amqp_exchange_declare(
      connection, channel, memory.bytes(name), memory.bytes(type), 0, durable ? 1 : 0, 0, 0, amqp_table_t())
    try check("declare exchange \(name)")
  }

  package func deleteExchange(_ name: String) throws {
    let memory = WireMemory()
    amqp_exchange_delete(connection, channel, memory.bytes(name), 0)
    try check("delete exchange \(name)")
  }

  package func bind(queue: String, exchange: String, pattern: String) throws {
    let memory = WireMemory()
    amqp_queue_bind(
      connection, channel, memory.bytes(queue), memory.bytes(exchange), memory.bytes(pattern), amqp_table_t())
    try check("bind queue \(queue)")
  }

  package func unbind(queue: String, exchange: String, pattern: String) throws {
    let memory = WireMemory()
    amqp_queue_unbind(
      connection, channel, memory.bytes(queue), memory.bytes(exchange), memory.bytes(pattern), amqp_table_t())
    try check("unbind queue \(queue)")
  }

  /// Messages ready in a queue and its consumers; nil when there is no such queue.
  ///
  /// What was delivered but not settled is not in it: see `Broker.messages(in:)`.
  package func queueDepth(_ name: String) throws -> (ready: Int, consumers: Int)? {
    let memory = WireMemory()
    let answer = amqp_queue_declare(connection, channel, memory.bytes(name), 1, 0, 0, 0, amqp_table_t())
    do {
      try check("look at queue \(name)")
    } catch {
      if error.code == 404 { return nil }
      throw error
    }
    guard let answer else { throw BrokerSessionError(description: "look at queue \(name): no answer") }
    return (Int(answer.pointee.message_count), Int(answer.pointee.consumer_count))
  }
}

/// Why an operation of a session failed, with the broker's words.
package struct BrokerSessionError: Error, CustomStringConvertible {
  /// The broker's reply code, such as 404; nil when it did not answer.
  package var code: Int?
  package var description: String

  package init(code: Int? = nil, description: String) {
    self.code = code
    self.description = description
  }
}

// MARK: Answers

extension BrokerSession {
  func openChannel() throws(BrokerSessionError) {
    confirms = nil
    amqp_channel_open(connection, channel)
    try check(amqp_get_rpc_reply(connection), "open a channel")
  }

  /// Looks at how the last call ended.
  func check(_ operation: String) throws(BrokerSessionError) {
    try check(amqp_get_rpc_reply(connection), operation)
    amqp_maybe_release_buffers_on_channel(connection, channel)
  }

  func check(_ reply: amqp_rpc_reply_t, _ operation: String) throws(BrokerSessionError) {
    switch reply.reply_type {
    case AMQP_RESPONSE_NORMAL:
      return
    case AMQP_RESPONSE_SERVER_EXCEPTION:
      throw refused(reply.reply, operation)
    default:
      let words = String(cString: amqp_error_string2(reply.library_error))
      throw BrokerSessionError(description: "\(operation): \(words)")
    }
  }

  /// Answers a channel.close or connection.close, and makes an error of its words.
  func refused(_ method: amqp_method_t, _ operation: String) -> BrokerSessionError {
    guard let decoded = method.decoded else { return BrokerSessionError(description: "\(operation): refused") }
    if method.id == MethodNumber.channelClose {
      let close = decoded.load(as: amqp_channel_close_t.self)
      let error = BrokerSessionError(
        code: Int(close.reply_code), description: "\(operation): \(String(copying: close.reply_text))")
      var answer = amqp_channel_close_ok_t()
      amqp_send_method(connection, channel, MethodNumber.channelCloseOK, &answer)
      amqp_maybe_release_buffers(connection)
      // Where this fails too, the next call will say so.
      try? openChannel()
      return error
    }
    if method.id == MethodNumber.connectionClose {
      let close = decoded.load(as: amqp_connection_close_t.self)
      return BrokerSessionError(
        code: Int(close.reply_code), description: "\(operation): \(String(copying: close.reply_text))")
    }
    return BrokerSessionError(description: "\(operation): unexpected method \(method.id)")
  }
}

/// Class and method of AMQP 0-9-1 as the library numbers them.
enum MethodNumber {
  static let connectionClose: amqp_method_number_t = 10 << 16 | 50
  static let channelClose: amqp_method_number_t = 20 << 16 | 40
  static let channelCloseOK: amqp_method_number_t = 20 << 16 | 41
  static let basicGetOK: amqp_method_number_t = 60 << 16 | 71
  static let basicAck: amqp_method_number_t = 60 << 16 | 80
}
