// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ

extension ConsumerSession {
  /// Takes frames until there are none, or until others must have their turn.
  ///
  /// - Returns: Whether everything was taken. The library must be drained before a wait: what lies in its buffers, or in
  ///   OpenSSL's, wakes no poll(2).
  func drain() throws(AMQPError) -> Bool {
    let state = connection.state
    let mailbox = loop.mailbox
    var frame = amqp_frame_t()
    var messages = 0
    defer { if messages > 0 { receiver.batchEnded() } }
    while messages < Self.batchLimit {
      if let next = ahead.take() {
        frame = next
      } else {
        let status = onevent_next_frame(state, &frame)
        if status == AMQP_STATUS_TIMEOUT.rawValue {
          lastLook = Instant.now
          return true
        }
        if status < 0 { throw connection.noting(Reply.error(status, "receiving")) }
      }
      if try handle(frame) {
        messages += 1
        // Only a receiver's looks read ahead, so only after a message can there be a failure.
        if let failure = ahead.failure { throw lost(failure) }
        if ledger.unsaidCount >= flushThreshold { try flush() }
        if mailbox.hasContents { return false }
      }
    }
    return false
  }

  /// Turns what ended reading ahead into the error to throw: the broker's own words where it sent any before.
  ///
  /// Messages that were read before are let go: they cannot be settled any more, and the broker gives them out again.
  private func lost(_ failure: AMQPError) -> AMQPError {
    // Nothing is sent from here on, an answer to the close neither.
    let failure = connection.noting(failure)
    guard let method = ahead.close(), let words = Reply.closed(method, "consuming") else { return failure }
    noteRefusal(method, words)
    return words
  }

  /// Handles one frame.
  ///
  /// - Returns: Whether it completed a message.
  private func handle(_ frame: amqp_frame_t) throws(AMQPError) -> Bool {
    guard frame.channel == BrokerConnection.channel else {
      try handleOther(frame)
      return false
    }
    var completed = false
    switch Int32(frame.frame_type) {
    case AMQP_FRAME_BODY:
      completed = try take(body: frame.payload.body_fragment)
    case AMQP_FRAME_HEADER:
      let header = frame.payload.properties
      completed = try take(
        header: header.decoded.map { UnsafePointer($0.assumingMemoryBound(to: amqp_basic_properties_t.self)) },
        class: header.class_id, bodySize: header.body_size)
    case AMQP_FRAME_METHOD:
      guard arriving == nil else { throw violation("a method in the middle of a message") }
      try handle(frame.payload.method)
    default:
      throw violation("a frame of type \(frame.frame_type) on a channel")
    }
    releaseBuffers()
    return completed
  }

  /// Gives the library its memory back, unless a view into it is still needed.
  ///
  /// The library does so only between two frames, which is where it stands whenever it has just returned one.
  @inline(__always)
  private func releaseBuffers() {
    guard ahead.isEmpty, ahead.failure == nil, arriving?.isCopied != false else { return }
    guard amqp_release_buffers_ok(connection.state) != 0 else { return }
    ahead.released()
    amqp_maybe_release_buffers_on_channel(connection.state, BrokerConnection.channel)
  }

  private func handle(_ method: amqp_method_t) throws(AMQPError) {
    if method.id == onevent_basic_deliver, let decoded = method.decoded {
      let deliver = decoded.assumingMemoryBound(to: amqp_basic_deliver_t.self)
      arriving = ArrivingDelivery(
        number: deliver.pointee.delivery_tag,
        subscription: Subscriptions.index(ofTag: Reply.view(deliver.pointee.consumer_tag), among: queueNames.count),
        redelivered: deliver.pointee.redelivered != 0,
        exchange: Reply.view(deliver.pointee.exchange), routingKey: Reply.view(deliver.pointee.routing_key))
      return
    }
    if let error = Reply.closed(method, "consuming") {
      noteRefusal(method, error)
      throw connection.noting(error)
    }
    try handleSubscription(method)
  }

  private func noteRefusal(_ method: amqp_method_t, _ error: AMQPError) {
    if error.replyCode != 404, Reply.isAboutConsuming(method) { consumeRefused() }
  }

  /// Frames of the connection itself; any other channel was never opened.
  private func handleOther(_ frame: amqp_frame_t) throws(AMQPError) {
    guard frame.channel == 0, Int32(frame.frame_type) == AMQP_FRAME_METHOD else {
      throw violation("a frame of type \(frame.frame_type) on channel \(frame.channel)")
    }
    let method = frame.payload.method
    if let error = Reply.closed(method, "consuming") { throw connection.noting(error) }
    if method.id == onevent_connection_blocked, let decoded = method.decoded {
      let blocked = decoded.assumingMemoryBound(to: amqp_connection_blocked_t.self).pointee
      loop.observe(.warning("the broker takes no messages: \(Reply.text(blocked.reason))"))
    } else if method.id == onevent_connection_unblocked {
      loop.observe(.warning("the broker takes messages again"))
    }
    if ahead.isEmpty { amqp_maybe_release_buffers_on_channel(connection.state, 0) }
  }

  private func violation(_ what: String) -> AMQPError {
    connection.noting(.protocolViolation(what))
  }
}

// MARK: - Messages

extension ConsumerSession {
  private func take(
    header properties: UnsafePointer<amqp_basic_properties_t>?, class: UInt16, bodySize: UInt64
  ) throws(AMQPError) -> Bool {
    guard let delivery = arriving, !delivery.hasHeader, Int32(`class`) == AMQP_BASIC_CLASS else {
      throw violation("a content header without its method")
    }
    arriving?.hasHeader = true
    arriving?.properties = properties
    if try !mayTake(delivery, bodySize: bodySize) { arriving?.fate = .givenBack }
    switch body.begin(size: bodySize, keep: arriving?.fate == .taken) {
    case .incomplete: return false
    case .complete(let whole):
      try finish(whole)
      return true
    }
  }

  private func take(body fragment: amqp_bytes_t) throws(AMQPError) -> Bool {
    guard arriving?.hasHeader == true else { throw violation("a body frame without its header") }
    let view = UnsafeRawBufferPointer(start: fragment.bytes, count: fragment.bytes == nil ? 0 : fragment.len)
    let progress: BodyAssembly.Progress
    do throws(AMQPError) { progress = try body.append(view) } catch { throw connection.noting(error) }
    switch progress {
    case .incomplete:
      outliveBuffers()
      return false
    case .complete(let whole):
      try finish(whole)
      return true
    }
  }

  /// Moves what is known of the message out of the library's memory, so that its body can pass through frame by frame.
  private func outliveBuffers() {
    guard var delivery = arriving, !delivery.isCopied else { return }
    copiedProperties = delivery.fate == .taken ? properties(of: delivery) : .init()
    names.adopt(&delivery)
    delivery.properties = nil
    delivery.isCopied = true
    arriving = delivery
  }

  /// Whether a message goes to the receiver; begins the pause when it would be too much.
  private func mayTake(_ delivery: ArrivingDelivery, bodySize: UInt64) throws(AMQPError) -> Bool {
    guard delivery.subscription != nil, !stopsTaking, !isPaused, hold == nil else { return false }
    // One message is always allowed, or a single large one would go back and forth for ever.
    guard ledger.openCount > 0, bodySize <= UInt64(settings.maxMessageSize) else { return true }
    // What the receiver will hold of it is not known yet; its size is the best guess.
    let room = UInt64(max(0, settings.maxUnsettledBytes - ledger.openBytes))
    if room > 0, bodySize <= room { return true }
    try pause()
    return false
  }

  /// Hands a whole message to the receiver, or back.
  private func finish(_ whole: UnsafeRawBufferPointer?) throws(AMQPError) {
    guard let delivery = arriving else { return }
    arriving = nil
    guard ledger.take(delivery.number) else {
      throw violation("the delivery tag \(delivery.number) out of order")
    }
    guard delivery.fate == .taken, let index = delivery.subscription else {
      ledger.settle(delivery.number, as: .returned)
      return
    }
    let view = Delivery(
      tag: DeliveryTag(generation: generation, number: delivery.number),
      queue: queueNames[index],
      exchange: delivery.exchange, routingKey: delivery.routingKey, redelivered: delivery.redelivered,
      properties: properties(of: delivery), body: whole, bodySize: body.announced)
    switch receiver.receive(view, lookAtSocket: look) {
    case .settle(let settlement): ledger.settle(delivery.number, as: settlement)
    case .keep(let bytes): ledger.keep(delivery.number, bytes: bytes)
    }
    lookAtSocket()
  }

  @inline(__always)
  private func properties(of delivery: ArrivingDelivery) -> Delivery.Properties {
    if delivery.isCopied { return copiedProperties }
    guard let properties = delivery.properties, properties.pointee._flags != 0 else { return .init() }
    return Delivery.Properties(properties, repeated: &repeatedTexts)
  }
}
