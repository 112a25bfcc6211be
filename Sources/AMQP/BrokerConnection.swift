// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ

/// How a connection introduces itself and how long it may take.
struct ConnectionOptions: Sendable {
  /// Shown by the broker's management.
  var name: String
  /// Ours, in the client properties; nothing when empty.
  var version = ""
  var heartbeat = Duration.seconds(10)
  /// Covers name resolution, TCP, TLS and log-in; later, each answer of the broker.
  var limit = Duration.seconds(10)
}

/// Owns one logged-in connection of librabbitmq.
///
/// One thread uses it: the library is not made for more.
final class BrokerConnection {
  /// The only channel: the library's waits on one channel lose the queued frames of the others.
  static let channel: amqp_channel_t = 1
  /// The largest that RabbitMQ offers; a zero would be taken literally by the library.
  static let frameMax: Int32 = 131_072

  /// The library's object; freed with this one.
  let state: amqp_connection_state_t
  /// "name:port", for messages.
  let host: String
  /// What the broker calls itself, such as "RabbitMQ 3.10.8".
  private(set) var product = "unknown broker"
  /// False once the library must not be called again but to free it.
  private(set) var isUsable = true
  private let interrupter: Interrupter
  private var tls: TLSSession?

  /// Connects and logs in to one host.
  init(
    to host: BrokerAddress.Host, of address: BrokerAddress, options: ConnectionOptions,
    interrupter: Interrupter = Interrupter()
  ) throws(AMQPError) {
    self.host = host.name.contains(":") ? "[\(host.name)]:\(host.port)" : "\(host.name):\(host.port)"
    self.interrupter = interrupter
    guard let state = amqp_new_connection() else {
      throw .unreachable(host: self.host, reason: "out of memory")
    }
    self.state = state
    let deadline = Instant.now.advanced(by: options.limit)
    try open(host, tls: address.tls, until: deadline)
    try logIn(address, options: options, until: deadline)
    setReplyLimit(options.limit)
    product = Self.product(of: amqp_get_server_properties(state)) ?? product
    interrupter.established()
  }

  deinit {
    interrupter.forget()
    amqp_destroy_connection(state)
  }

  var descriptor: Int32 { amqp_get_sockfd(state) }

  /// As agreed with the broker.
  var heartbeat: Duration { .seconds(max(1, Int64(amqp_get_heartbeat(state)))) }

  /// Bounds each later wait for an answer.
  func setReplyLimit(_ limit: Duration) {
    onevent_set_reply_limit(state, limit.microseconds)
  }

  /// Opens the channel, anew after the broker closed it.
  func openChannel() throws(AMQPError) {
    amqp_channel_open(state, Self.channel)
    try check(amqp_get_rpc_reply(state), "opening a channel")
  }

  /// Throws what a remote call was answered with, unless it succeeded; answers a close as the protocol wants it.
  func check(_ reply: amqp_rpc_reply_t, _ operation: String) throws(AMQPError) {
    do throws(AMQPError) {
      try Reply.check(reply, operation)
    } catch {
      throw noting(error)
    }
  }

  /// Throws what a status means, unless it is a success.
  @inline(__always)
  func check(_ status: Int32, _ operation: @autoclosure () -> String) throws(AMQPError) {
    if status < 0 { throw noting(Reply.error(status, operation())) }
  }

  /// Answers the broker's close, and remembers what the library may still be used for.
  func noting(_ error: AMQPError) -> AMQPError {
    switch error {
    case .channelClosed where isUsable:
      var answer = amqp_channel_close_ok_t()
      amqp_send_method(state, Self.channel, onevent_channel_close_ok, &answer)
      amqp_maybe_release_buffers_on_channel(state, Self.channel)
    case .connectionClosed where isUsable:
      var answer = amqp_connection_close_ok_t()
      amqp_send_method(state, 0, onevent_connection_close_ok, &answer)
      isUsable = false
    default: isUsable = false
    }
    return error
  }

  /// Says goodbye and waits for the answer; the connection is freed with its last owner all the same.
  ///
  /// What still arrives is thrown away frame by frame: the library's own call would keep all of it.
  func close(within limit: Duration) {
    guard isUsable else { return }
    isUsable = false
    let deadline = Instant.now.advanced(by: limit)
    var goodbye = amqp_connection_close_t()
    goodbye.reply_code = UInt16(AMQP_REPLY_SUCCESS)
    var status = amqp_send_method(state, 0, onevent_connection_close, &goodbye)
    var frame = amqp_frame_t()
    while status >= 0 || status == AMQP_STATUS_TIMEOUT.rawValue {
      if status == AMQP_STATUS_TIMEOUT.rawValue {
        guard Poll.wait(descriptor, interrupter.event.descriptor, until: deadline) == .first else { return }
      }
      status = onevent_next_frame(state, &frame)
      guard status >= 0 else { continue }
      let isMethod = frame.frame_type == UInt8(AMQP_FRAME_METHOD) && frame.channel == 0
      if isMethod, frame.payload.method.id == onevent_connection_close_ok { return }
      amqp_maybe_release_buffers(state)
      if Instant.now > deadline { return }
    }
  }
}

// MARK: - Opening

extension BrokerConnection {
  /// Tries the addresses of a name one after another, each with its share of the time that is left.
  private func open(
    _ host: BrokerAddress.Host, tls settings: BrokerAddress.TLS?, until deadline: Instant
  ) throws(AMQPError) {
    let addresses = try NameResolution.addresses(of: host, until: deadline, interrupter: interrupter)
    let socket = try makeSocket(settings, host: host.name)
    var failure = AMQPError.unreachable(host: self.host, reason: "no address")
    for (index, address) in addresses.enumerated() {
      let now = Instant.now
      guard now < deadline else { break }
      // A black-holed first address must leave the second its chance.
      let share = now.duration(until: deadline) / (addresses.count - index)
      do throws(AMQPError) {
        try connect(socket, to: address, port: host.port, within: share)
        return
      } catch {
        if interrupter.isInterrupted { throw .interrupted }
        failure = error
      }
    }
    if case .unreachable(_, let reason) = failure { throw .unreachable(host: self.host, reason: reason) }
    throw failure
  }

  private func makeSocket(_ settings: BrokerAddress.TLS?, host: String) throws(AMQPError) -> OpaquePointer {
    let socket = settings == nil ? amqp_tcp_socket_new(state) : amqp_ssl_socket_new(state)
    guard let socket else { throw .unreachable(host: self.host, reason: "librabbitmq has no socket for it") }
    if let settings {
      tls = try TLSSession(settings, host: host, socket: socket, interrupter: interrupter)
    }
    return socket
  }

  private func connect(
    _ socket: OpaquePointer, to address: SocketAddress, port: UInt16, within limit: Duration
  ) throws(AMQPError) {
    guard let tls else {
      let deadline = Instant.now.advanced(by: limit)
      let descriptor = try TCPConnection.open(to: address, until: deadline, interrupter: interrupter)
      interrupter.watch(descriptor)
      amqp_tcp_socket_set_sockfd(socket, descriptor)
      return
    }
    let status = onevent_open_socket(socket, address.text, Int32(port), limit.microseconds)
    if status != AMQP_STATUS_OK.rawValue { throw tls.failure(status) }
  }
}

// MARK: - Log-in

extension BrokerConnection {
  private func logIn(
    _ address: BrokerAddress, options: ConnectionOptions, until deadline: Instant
  ) throws(AMQPError) {
    onevent_set_handshake_limit(state, Instant.now.duration(until: deadline).microseconds)
    let properties = FieldTable(Self.clientProperties(options))
    // At least a second: zero would turn heartbeats off, and with them the detection of a dead broker.
    let heartbeat = Int32(clamping: max(1, options.heartbeat.components.seconds))
    let password = address.authentication == .plain ? try address.password.current() : ""
    let reply = properties.withTable { table in
      var table = table
      return switch address.authentication {
      case .plain:
        onevent_login_plain(state, address.virtualHost, Self.frameMax, heartbeat, &table, address.user, password)
      case .external:
        // The broker takes the name from the certificate; an empty identity fails inside the library.
        onevent_login_external(
          state, address.virtualHost, Self.frameMax, heartbeat, &table, address.user.isEmpty ? "-" : address.user)
      }
    }
    if interrupter.isInterrupted { throw .interrupted }
    do throws(AMQPError) {
      try check(reply, "logging in to \(host)")
    } catch {
      guard case .connectionLost = error, let refusal = tls?.refusalAfterHandshake() else { throw error }
      throw refusal
    }
  }

  /// librabbitmq asks for little by itself: without `consumer_cancel_notify` the subscription of a deleted queue
  /// would stay silent for ever.
  private static func clientProperties(_ options: ConnectionOptions) -> [(name: String, value: FieldTable.Value)] {
    var properties: [(name: String, value: FieldTable.Value)] = [
      ("product", .text("onevent")),
      ("connection_name", .text(options.name)),
      (
        "capabilities",
        .table([
          ("authentication_failure_close", .boolean(true)),
          ("consumer_cancel_notify", .boolean(true)),
          ("basic.nack", .boolean(true)),
          ("connection.blocked", .boolean(true)),
          ("publisher_confirms", .boolean(true)),
        ])
      ),
    ]
    if !options.version.isEmpty { properties.append(("version", .text(options.version))) }
    return properties
  }

  private static func product(of properties: UnsafeMutablePointer<amqp_table_t>?) -> String? {
    guard let table = properties?.pointee, let entries = table.entries else { return nil }
    var found: [String: String] = [:]
    for entry in UnsafeBufferPointer(start: entries, count: Int(max(0, table.num_entries)))
    where entry.value.kind == UInt8(AMQP_FIELD_KIND_UTF8.rawValue) {
      found[Reply.text(entry.key)] = Reply.text(entry.value.value.bytes)
    }
    guard let product = found["product"] else { return nil }
    return found["version"].map { "\(product) \($0)" } ?? product
  }
}
