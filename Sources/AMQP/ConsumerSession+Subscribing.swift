// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ

extension ConsumerSession {
  /// Asks for the next queue that is there and not consumed.
  func subscribe() throws(AMQPError) {
    guard requested == nil, !stopsTaking, !isPaused, hold == nil else { return }
    guard let index = loop.subscriptions.all.firstIndex(where: { $0.phase == .present }) else { return }
    var consume = amqp_basic_consume_t()
    let queue = loop.subscriptions.all[index].queue.name
    try queue.withAMQPBytes { (queue) throws(AMQPError) in
      try Subscriptions.tag(of: index).withAMQPBytes { (tag) throws(AMQPError) in
        consume.queue = queue
        consume.consumer_tag = tag
        try send(onevent_basic_consume, &consume, "consuming")
      }
    }
    loop.subscriptions.all[index].phase = .requested
    requested = index
  }

  /// Answers of the broker about subscriptions, and its own cancellations.
  func handleSubscription(_ method: amqp_method_t) throws(AMQPError) {
    guard let decoded = method.decoded else { return }
    switch method.id {
    case onevent_basic_consume_ok:
      let tag = decoded.assumingMemoryBound(to: amqp_basic_consume_ok_t.self).pointee.consumer_tag
      guard let index = index(ofTag: tag) else { return }
      try consumeBegan(index)
    case onevent_basic_cancel_ok:
      let tag = decoded.assumingMemoryBound(to: amqp_basic_cancel_ok_t.self).pointee.consumer_tag
      guard let index = index(ofTag: tag),
        loop.subscriptions.all[index].phase == .cancelling
      else { return }
      loop.subscriptions.all[index].phase = .present
    case onevent_basic_cancel:
      let cancel = decoded.assumingMemoryBound(to: amqp_basic_cancel_t.self).pointee
      guard let index = index(ofTag: cancel.consumer_tag) else { return }
      try cancelled(index, answer: cancel.nowait == 0)
    default: break
    }
  }

  private func index(ofTag tag: amqp_bytes_t) -> Int? {
    Subscriptions.index(ofTag: Reply.view(tag), among: queueNames.count)
  }

  private func consumeBegan(_ index: Int) throws(AMQPError) {
    if requested == index { requested = nil }
    loop.subscriptions.all[index].phase = .active
    loop.subscriptions.all[index].refusals = 0
    loop.subscriptions.all[index].notBefore = nil
    // Meanwhile the wish may have changed.
    if stopsTaking || isPaused || hold != nil { return try cancel(index) }
    loop.observe(.consuming(queue: loop.subscriptions.all[index].queue.name))
  }

  private func cancelled(_ index: Int, answer: Bool) throws(AMQPError) {
    if requested == index { requested = nil }
    if answer {
      try Subscriptions.tag(of: index).withAMQPBytes { (tag) throws(AMQPError) in
        var ok = amqp_basic_cancel_ok_t(consumer_tag: tag)
        try send(onevent_basic_cancel_ok, &ok, "answering a cancellation")
      }
    }
    loop.subscriptions.all[index].phase = .absent
    loop.observe(
      .cancelled(
        queue: loop.subscriptions.all[index].queue.name,
        reason: "the broker cancelled it: the queue was deleted, lost its node, or a delivery stayed open too long"))
    lookSoon()
  }

  /// Ends all subscriptions; what was taken stays open.
  func cancelAll() throws(AMQPError) {
    for index in loop.subscriptions.all.indices where loop.subscriptions.all[index].phase == .active {
      try cancel(index)
    }
  }

  private func cancel(_ index: Int) throws(AMQPError) {
    try Subscriptions.tag(of: index).withAMQPBytes { (tag) throws(AMQPError) in
      var cancel = amqp_basic_cancel_t(consumer_tag: tag, nowait: 0)
      try send(onevent_basic_cancel, &cancel, "cancelling a subscription")
    }
    loop.subscriptions.all[index].phase = .cancelling
  }

  /// Remembers which queue the broker closed the channel for, if it was for consuming one.
  func consumeRefused() {
    guard let index = requested else { return }
    let first = timing.refusal
    loop.subscriptions.consumeRefused(index) { refusals in
      Instant.now.advanced(by: min(first * (1 << refusals), first * 10))
    }
  }

  private func send<Method>(
    _ id: amqp_method_number_t, _ method: inout Method, _ operation: String
  ) throws(AMQPError) {
    let status = withUnsafeMutablePointer(to: &method) { pointer in
      amqp_send_method(connection.state, BrokerConnection.channel, id, pointer)
    }
    lastSent = Instant.now
    try connection.check(status, operation)
  }
}
