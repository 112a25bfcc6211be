// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ
import Glibc

/// One connection of a consumer, from log-in to loss: takes every frame that is there, then waits for more.
final class ConsumerSession {
  /// Messages taken before mailbox and timers get their turn.
  static let batchLimit = 256

  let connection: BrokerConnection
  let host: BrokerAddress.Host
  let generation: UInt32
  unowned let loop: ConsumerLoop
  let settings: ConsumerSettings
  let timing: ConsumerTiming
  let receiver: any DeliveryReceiver

  // These are touched for every message and by this thread only, never while a call into them is under way: the
  // run-time check of that would cost more than the work.
  @exclusivity(unchecked) var ledger = SettlementLedger()
  @exclusivity(unchecked) var body: BodyAssembly
  @exclusivity(unchecked) var arriving: ArrivingDelivery?
  @exclusivity(unchecked) var repeatedTexts = RepeatedTexts()
  /// Taken from the library while a receiver was at work; handled before anything else.
  @exclusivity(unchecked) var ahead = FramesAhead()
  @exclusivity(unchecked) var lastLook = Instant.now
  /// For receivers, which may keep it for longer than this object.
  @exclusivity(unchecked) private(set) var look: () -> Void = {}

  var copiedProperties = Delivery.Properties()
  /// Settlements that are worth a frame of their own.
  let flushThreshold: Int
  let names = DeliveryNames()

  /// By the subscription's place; apart from it, so that a message costs no copy of the rest.
  let queueNames: [String]

  var stopsTaking: Bool
  /// Whether nothing is consumed until enough is settled.
  var isPaused = false
  /// Whether the session ends once everything is settled.
  var retires: Bool
  private var hasDrained = false
  /// Why nothing is consumed although there is room; nil = it is.
  var hold: String?
  /// The subscription whose basic.consume is not answered: one at a time, so that a refusal names its queue.
  var requested: Int?

  var nextLook = Instant.now
  var nextBind = Instant.now
  private var queueLook: QueueLook?
  private var lookBegan: Instant?

  var lastSent = Instant.now
  private let heartbeatShare: Duration

  init(_ connection: BrokerConnection, host: BrokerAddress.Host, generation: UInt32, loop: ConsumerLoop) {
    self.connection = connection
    self.host = host
    self.generation = generation
    self.loop = loop
    settings = loop.settings
    timing = loop.timing
    receiver = loop.receiver
    body = BodyAssembly(limit: loop.settings.maxMessageSize)
    flushThreshold = min(100, max(1, Int(loop.settings.prefetch) / 5))
    heartbeatShare = connection.heartbeat / 2
    queueNames = loop.settings.queues.map(\.name)
    stopsTaking = loop.mailbox.stopsTaking
    retires = loop.mailbox.retires
    hold = loop.mailbox.hold
    look = { [weak self] in self?.lookAtSocket() }
  }

  /// Serves the connection until it is lost, which is thrown, or closed on request.
  func run() throws(AMQPError) {
    loop.beat(settings.connectTimeout + timing.closing)
    try connection.openChannel()
    amqp_basic_qos(connection.state, BrokerConnection.channel, 0, settings.prefetch, 0)
    try connection.check(amqp_get_rpc_reply(connection.state), "setting the prefetch")
    loop.observe(.connected(host: connection.host, product: connection.product))
    // Told again: who watches takes a new connection for one that consumes.
    if let hold { loop.observe(.paused(reason: hold)) }
    while try step() {}
    try flush()
  }

  /// Leaves: says goodbye where anybody still listens, which gives back what is not settled.
  func end() {
    queueLook?.interrupter.interrupt()
    connection.close(within: loop.mailbox.closes || retires ? timing.closing : .seconds(1))
    if isPaused, hold == nil { loop.observe(.resumed) }
  }

  /// One turn: what others ask, what the broker sent, what the clock demands, and then a wait.
  ///
  /// - Returns: False when the consumer is to close.
  private func step() throws(AMQPError) -> Bool {
    loop.beat(workLimit)
    if loop.mailbox.hasContents, try !takeMail() { return false }
    let tookAll = try drain()
    try resumeIfDrained()
    try resumeIfReleased()
    try subscribe()
    lookForQueues()
    if ledger.unsaidCount >= flushThreshold { try flush() }
    if retires, try retired() { return false }
    if tookAll { try wait() }
    return true
  }

  /// Whether a retiring session has nothing left to do.
  private func retired() throws(AMQPError) -> Bool {
    let isQuiet = requested == nil && loop.subscriptions.all.allSatisfy { $0.phase == .absent || $0.phase == .present }
    guard isQuiet else { return false }
    if !hasDrained {
      // What was given back must be there before another consumer asks.
      try flush()
      hasDrained = true
      loop.observe(.drained)
    }
    return ledger.openCount == 0
  }

  private func takeMail() throws(AMQPError) -> Bool {
    let mail = loop.mailbox.take()
    for (tag, settlement) in mail.settlements where tag.generation == generation {
      ledger.settle(tag.number, as: settlement)
    }
    for report in mail.reports { lookEnded(report) }
    if mail.closes { return false }
    if let reason = mail.hold, hold == nil { try hold(reason) }
    retires = mail.retires
    if mail.stopsTaking, !stopsTaking {
      stopsTaking = true
      try cancelAll()
    }
    return true
  }

  /// Waits for the broker, the mailbox or the next date; an acknowledgement that nothing joins goes out first.
  private func wait() throws(AMQPError) {
    let now = Instant.now
    if ledger.unsaidCount > 0 {
      let soon = now.advanced(by: timing.idle)
      let ready = Poll.wait(connection.descriptor, loop.mailbox.event.descriptor, until: soon)
      if ready == .neither { try flush() }
      return
    }
    // The library keeps heartbeats in its own calls: it must be called before half of one has passed.
    var deadline = now.advanced(by: heartbeatShare)
    if queueLook == nil && !stopsTaking {
      deadline = min(deadline, loop.subscriptions.nextDate(looks: nextLook, bindings: nextBind))
    }
    deadline = min(deadline, now.advanced(by: timing.idleBeat))
    loop.beat(timing.idleBeat)
    _ = Poll.wait(connection.descriptor, loop.mailbox.event.descriptor, until: deadline)
  }

  /// What a turn takes at most: a broker that takes nothing any more blocks a call of the library for as long as its
  /// silence is borne, two heartbeats.
  private var workLimit: Duration { settings.heartbeat * 2 + timing.closing }

  /// Keeps the connection alive while a receiver works: sends heartbeats, and reads ahead within bounds.
  ///
  /// The library looks at its clock only when its input buffer is empty, which 128 KiB of small messages keep it from.
  /// Called for every condition of a filter, it does something once in a while only.
  func lookAtSocket() {
    let now = Instant.now
    guard lastLook.duration(until: now) >= timing.betweenLooks else { return }
    lastLook = now
    loop.beat(workLimit)
    guard connection.isUsable, ahead.failure == nil else { return }
    // Before sending: a socket that takes nothing any more may still hold the reason.
    ahead.read { onevent_next_frame(connection.state, &$0) }
    if ahead.failure == nil, lastSent.duration(until: now) >= heartbeatShare { sendHeartbeat(now) }
  }

  private func sendHeartbeat(_ now: Instant) {
    var heartbeat = amqp_frame_t()
    heartbeat.frame_type = UInt8(AMQP_FRAME_HEARTBEAT)
    let status = amqp_send_frame(connection.state, &heartbeat)
    lastSent = now
    if status < 0 { ahead.failure = Reply.error(status, "sending a heartbeat") }
  }
}

// MARK: - Looking for queues

extension ConsumerSession {
  /// Starts a look on a thread of its own when one is due; one at a time.
  private func lookForQueues() {
    guard queueLook == nil, !stopsTaking else { return }
    let now = Instant.now
    guard now >= loop.subscriptions.nextDate(looks: nextLook, bindings: nextBind) else { return }
    let queues = loop.subscriptions.toLookFor(at: now, bindings: now >= nextBind)
    guard !queues.isEmpty else { return }
    if now >= nextBind { nextBind = now.advanced(by: timing.bind) }
    var options = settings.connectionOptions
    options.name += " (looking for queues)"
    let look = QueueLook(
      host: host, address: settings.address, options: options, queues: queues, generation: generation)
    let mailbox = loop.mailbox
    let status = ServiceThread.start(named: "onevent-look") { mailbox.report(look.run()) }
    if status == 0 {
      queueLook = look
      lookBegan = now
    } else {
      nextLook = now.advanced(by: timing.look)
      loop.observe(.warning("no thread to look for queues: \(describe(errno: status))"))
    }
  }

  private func lookEnded(_ report: QueueLook.Report) {
    // A look of the connection before may still report; what it found is as true as ours.
    loop.subscriptions.enter(report, observe: loop.observe)
    guard report.generation == generation else { return }
    queueLook = nil
    nextLook = Instant.now.advanced(by: timing.look * Double.random(in: 0.8...1.2))
    if let failure = report.failure, failure != .interrupted {
      loop.observe(.warning("queues could not be looked for: \(failure)"))
    }
  }

  /// Brings the next look forward, but never so far that looks follow each other without a pause.
  func lookSoon() {
    let pause = min(timing.look, .seconds(1))
    nextLook = max(Instant.now, (lookBegan ?? Instant(nanoseconds: 0)).advanced(by: pause))
  }
}
