// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ
import Glibc

/// Turns what librabbitmq's functions return into errors: the only place that reads its status codes.
enum Reply {
  /// Throws unless a status is a success (zero or more).
  static func check(_ status: Int32, _ operation: String) throws(AMQPError) {
    guard status < 0 else { return }
    throw error(status, operation)
  }

  /// Throws unless a remote call was answered as it should be.
  static func check(_ reply: amqp_rpc_reply_t, _ operation: String) throws(AMQPError) {
    if reply.reply_type == AMQP_RESPONSE_NORMAL { return }
    if reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION {
      throw closed(reply.reply, operation)
        ?? .protocolViolation("\(operation): answered with method \(hexadecimal(reply.reply.id))")
    }
    if reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION { throw error(reply.library_error, operation) }
    throw .connectionLost(operation: operation, reason: "end of stream")
  }

  /// Whether the other side ended the connection without a word, in place of an answer.
  static func isCut(_ reply: amqp_rpc_reply_t) -> Bool {
    guard reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION else { return false }
    return [
      AMQP_STATUS_SSL_ERROR.rawValue, AMQP_STATUS_SOCKET_ERROR.rawValue, AMQP_STATUS_SOCKET_CLOSED.rawValue,
      AMQP_STATUS_CONNECTION_CLOSED.rawValue,
    ].contains(reply.library_error)
  }

  /// The error that a close method of the broker means; nil for any other method.
  static func closed(_ method: amqp_method_t, _ operation: String) -> AMQPError? {
    guard let decoded = method.decoded else { return nil }
    switch method.id {
    case onevent_connection_close:
      let close = decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
      return .connectionClosed(operation: operation, code: close.reply_code, text: text(close.reply_text))
    case onevent_channel_close:
      let close = decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
      return .channelClosed(operation: operation, code: close.reply_code, text: text(close.reply_text))
    default: return nil
    }
  }

  /// Whether the broker closed the channel because of a basic.consume.
  static func isAboutConsuming(_ method: amqp_method_t) -> Bool {
    guard method.id == onevent_channel_close, let decoded = method.decoded else { return false }
    let close = decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
    return UInt32(close.class_id) << 16 | UInt32(close.method_id) == onevent_basic_consume
  }

  /// The error that a negative status means.
  static func error(_ status: Int32, _ operation: String) -> AMQPError {
    // Not yet overwritten: the library returns right after the system call that failed.
    let cause = errno
    let words = amqp_error_string2(status).map { String(cString: $0) } ?? "status \(status)"
    switch status {
    case AMQP_STATUS_BAD_AMQP_DATA.rawValue, AMQP_STATUS_UNKNOWN_CLASS.rawValue,
      AMQP_STATUS_UNKNOWN_METHOD.rawValue, AMQP_STATUS_WRONG_METHOD.rawValue,
      AMQP_STATUS_INCOMPATIBLE_AMQP_VERSION.rawValue:
      return .protocolViolation("\(operation): \(words)")
    case AMQP_STATUS_HEARTBEAT_TIMEOUT.rawValue:
      return .connectionLost(operation: operation, reason: "nothing was heard of the broker for two heartbeats")
    case AMQP_STATUS_TIMEOUT.rawValue:
      return .connectionLost(operation: operation, reason: "the broker did not answer in time")
    case AMQP_STATUS_CONNECTION_CLOSED.rawValue, AMQP_STATUS_SOCKET_CLOSED.rawValue:
      return .connectionLost(operation: operation, reason: "the broker's side closed the socket")
    case AMQP_STATUS_SOCKET_ERROR.rawValue where cause != 0 && cause != EAGAIN:
      return .connectionLost(operation: operation, reason: describe(errno: cause))
    default: return .connectionLost(operation: operation, reason: words)
    }
  }

  /// Text that the broker sent, repaired where it is not UTF-8.
  static func text(_ bytes: amqp_bytes_t) -> String {
    String(decoding: view(bytes), as: UTF8.self)
  }

  /// Text exactly as it was sent; nil where it is not UTF-8.
  static func exactText(_ bytes: amqp_bytes_t) -> String? {
    String(validating: view(bytes), as: UTF8.self)
  }

  /// The bytes behind a library string; valid as long as these are.
  @inline(__always)
  static func view(_ bytes: amqp_bytes_t) -> UnsafeBufferPointer<UInt8> {
    guard let base = bytes.bytes, bytes.len > 0 else { return UnsafeBufferPointer(start: nil, count: 0) }
    return UnsafeBufferPointer(start: UnsafePointer(base.assumingMemoryBound(to: UInt8.self)), count: bytes.len)
  }

  static func hexadecimal(_ number: UInt32) -> String {
    "0x" + String(number, radix: 16, uppercase: true)
  }
}

extension StaticString {
  /// A library string over a literal, which is never freed.
  var amqpBytes: amqp_bytes_t {
    amqp_bytes_t(len: utf8CodeUnitCount, bytes: UnsafeMutableRawPointer(mutating: utf8Start))
  }
}

extension String {
  /// Lends the text as a library string; nothing of it may be kept.
  func withAMQPBytes<Result, Failure: Error>(
    _ body: (amqp_bytes_t) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var outcome: Swift.Result<Result, Failure>?
    var copy = self
    copy.withUTF8 { utf8 in
      let bytes = amqp_bytes_t(len: utf8.count, bytes: UnsafeMutableRawPointer(mutating: utf8.baseAddress))
      do throws(Failure) { outcome = .success(try body(bytes)) } catch { outcome = .failure(error) }
    }
    guard let outcome else { return try body(amqp_empty_bytes) }
    return try outcome.get()
  }
}
