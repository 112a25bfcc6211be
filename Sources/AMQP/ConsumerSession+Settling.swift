// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ

extension ConsumerSession {
  /// Tells the broker everything that is settled.
  func flush() throws(AMQPError) {
    guard ledger.unsaidCount > 0 else { return }
    let state = connection.state
    let channel = BrokerConnection.channel
    var status: Int32 = 0
    ledger.flush { frame in
      // After a failure nothing more may be sent; the rest is given out again anyway.
      guard status >= 0 else { return }
      switch frame {
      case .acknowledge(let number, let multiple): status = amqp_basic_ack(state, channel, number, multiple ? 1 : 0)
      case .requeue(let number): status = amqp_basic_nack(state, channel, number, 0, 1)
      case .reject(let number): status = amqp_basic_reject(state, channel, number, 0)
      }
    }
    lastSent = Instant.now
    try connection.check(status, "settling deliveries")
  }

  /// Stops consuming while the connection is kept: merely not reading would lose the heartbeats.
  func pause() throws(AMQPError) {
    isPaused = true
    loop.observe(
      .paused(reason: "\(ledger.openBytes) bytes of messages are not settled, and the next would pass the bound"))
    try cancelAll()
  }

  /// Stops consuming because the receiver's owner asked for it.
  func hold(_ reason: String) throws(AMQPError) {
    hold = reason
    loop.observe(.paused(reason: reason))
    try cancelAll()
  }

  /// Consumes again once the reason has been taken back, and everything is back in its place in the queue.
  func resumeIfReleased() throws(AMQPError) {
    guard hold != nil, loop.mailbox.hold == nil else { return }
    guard !loop.subscriptions.all.contains(where: { $0.phase == .cancelling }) else { return }
    try flush()
    hold = nil
    if !isPaused { loop.observe(.resumed) }
  }

  /// Consumes again once half of the bound is settled, and everything is back in its place in the queue.
  ///
  /// Until the broker has confirmed that a subscription ended, deliveries of it are on their way that follow the ones
  /// that were given back: taking these would turn the order of events round.
  func resumeIfDrained() throws(AMQPError) {
    guard isPaused, ledger.openCount == 0 || ledger.openBytes <= settings.maxUnsettledBytes / 2 else { return }
    guard !loop.subscriptions.all.contains(where: { $0.phase == .cancelling }) else { return }
    // What is given back must be there before the queue is consumed anew.
    try flush()
    isPaused = false
    if hold == nil { loop.observe(.resumed) }
  }
}
