// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Journal
import Logging
import Settings
import Synchronization

/// Takes the deliveries of one source: decodes, matches, and hands what matched to the dispatcher.
///
/// Called on its consumer's thread only, and owns that thread's decoder and matcher.
final class Intake: DeliveryReceiver, @unchecked Sendable {
  // Not Sendable by its parts: the consumer calls it from its one thread.
  private var decoder: EventDecoder
  private var matcher: Matcher
  private var ignored: [EventPattern]
  private let record: EventRecord
  private var recordsAll: Bool
  private let nextWork = Mutex<Work?>(nil)
  /// Cheap enough to be asked for every delivery.
  private let hasNextWork = Atomic(false)
  private let inputs: InputQueue<DispatchInput>
  private let unmatched: UnmatchedEvents
  private let types: SeenTypes
  private let metrics: SourceMetrics
  private let logger: Logger
  private let router: SettlementRouter
  private var envelope: Envelope
  private let socket: SocketLook
  private var matches: [Int] = []
  private var regexLimitHits = 0
  private var deliveries: UInt64 = 0
  /// What came since the last batch ended.
  private var batch: [Arrival] = []

  /// What a configuration says of a source's events, apart from how they are brought.
  struct Work: Sendable {
    let table: ActionTable
    let mapping: EventMapping
    let inflatedLimit: Int
    let ignored: [EventPattern]
    let recordsAll: Bool

    init(_ source: SourceSettings, _ plan: Plan) {
      table = plan.table
      mapping = source.mapping
      inflatedLimit = source.consumer.maxMessageSize
      ignored = source.ignore
      recordsAll = plan.configuration.journal.record == .all
    }
  }

  init(
    source: SourceSettings, plan: Plan, inputs: InputQueue<DispatchInput>,
    unmatched: UnmatchedEvents, types: SeenTypes, router: SettlementRouter, metrics: DaemonMetrics, logger: Logger
  ) {
    record = EventRecord(source: source.name, settle: source.settle == .journal ? .journal : .run)
    let work = Work(source, plan)
    recordsAll = work.recordsAll
    self.inputs = inputs
    self.unmatched = unmatched
    self.types = types
    self.router = router
    self.metrics = metrics.source(source.name)
    decoder = EventDecoder(work.mapping, inflatedLimit: work.inflatedLimit)
    let socket = SocketLook()
    self.socket = socket
    matcher = Matcher(work.table) { socket.look() }
    ignored = work.ignored
    envelope = Envelope(source: source.name)
    var logger = logger
    logger[metadataKey: LogKey.source] = "\(source.name)"
    self.logger = logger
  }

  func receive(_ delivery: Delivery, lookAtSocket: @escaping () -> Void) -> Reception {
    socket.look = lookAtSocket
    if hasNextWork.load(ordering: .relaxed) { takeNextWork() }
    metrics.countDelivery()
    deliveries += 1
    fillEnvelope(delivery)
    guard let body = delivery.body else {
      return refuse(delivery, [], "its body has \(delivery.bodySize) bytes, more than max_message_size")
    }
    let event: Event
    do {
      event = try decoder.decode(body, envelope)
    } catch {
      return refuse(delivery, decoder.lastBody, "\(error)", Digest(of: body))
    }
    return take(event, delivery.tag)
  }

  /// Decodes and matches by other settings from the next delivery on; from any thread.
  func adopt(_ work: Work) {
    nextWork.withLock { next in
      next = work
      hasNextWork.store(true, ordering: .relaxed)
    }
  }

  private func takeNextWork() {
    let next = nextWork.withLock { next in
      hasNextWork.store(false, ordering: .relaxed)
      defer { next = nil }
      return next
    }
    guard let next else { return }
    decoder = EventDecoder(next.mapping, inflatedLimit: next.inflatedLimit)
    matcher = Matcher(next.table) { [socket] in socket.look() }
    regexLimitHits = 0
    ignored = next.ignored
    recordsAll = next.recordsAll
  }

  func batchEnded() {
    if !batch.isEmpty {
      inputs.add(.arrived(batch))
      batch.removeAll(keepingCapacity: true)
    }
    // A large body's memory is not kept until the next one comes.
    decoder.trim()
  }

  private func take(_ event: Event, _ tag: DeliveryTag) -> Reception {
    let type = event.type
    guard !isIgnored(event) else {
      metrics.count(.ignored)
      return .settle(.accepted)
    }
    matches.removeAll(keepingCapacity: true)
    matcher.match(event, into: &matches)
    reportLimitHits(event)
    types.count(type, event, isMatched: !matches.isEmpty)
    guard !matches.isEmpty else { return discard(event, type, tag) }
    var runs: [NewRun] = []
    // Deliveries without an identity are told apart by when they came, and those of one moment by their number.
    let salt = event.identity == nil ? "\(deliveries)" : ""
    for index in matches {
      socket.look()
      runs.append(record.newRun(of: matcher.table.actions[index], for: event, salt: salt))
    }
    return keep(record.newEvent(event, result: .matched, runs: runs), event.envelope, tag)
  }

  private func discard(_ event: Event, _ type: String, _ tag: DeliveryTag) -> Reception {
    logger.debug("event matched no action", metadata: facts(of: event))
    unmatched.add(type: type, event.envelope, body: event.body)
    guard recordsAll else {
      metrics.count(.unmatched)
      return .settle(.accepted)
    }
    return keep(record.newEvent(event, result: .unmatched, runs: []), event.envelope, tag)
  }

  /// Hands an event to the journal with its batch.
  private func keep(
    _ event: NewEvent, _ envelope: Envelope, _ tag: DeliveryTag, _ digest: Digest? = nil
  ) -> Reception {
    let bytes = event.body.count + event.envelope.count + 512
    batch.append(Arrival(event: event, envelope: envelope, receipt: Receipt(settler: router, tag: tag), digest: digest))
    // Under `settle = run` the journal holds the body, and the delivery waits for its runs without it.
    return .keep(bytes: record.settle == .run ? 512 : bytes)
  }

  /// What could not be decoded is kept, so that it can be replayed once it can be.
  private func refuse(
    _ delivery: Delivery, _ body: [UInt8], _ reason: String, _ digest: Digest? = nil
  ) -> Reception {
    let size = Int(clamping: delivery.bodySize)
    return keep(record.undecodable(envelope, body: body, size: size, reason: reason), envelope, delivery.tag, digest)
  }

  private func isIgnored(_ event: Event) -> Bool {
    !ignored.isEmpty && event.withType { type in ignored.contains { $0.matches(type) } }
  }

  private func reportLimitHits(_ event: Event) {
    let hits = matcher.regexLimitHits - regexLimitHits
    guard hits > 0 else { return }
    regexLimitHits = matcher.regexLimitHits
    metrics.countRegexLimitHits(hits)
    logger.warning(
      "a regular expression hit its match limit: counted as no match",
      metadata: facts(of: event, [LogKey.reason: "\(hits) of this event's conditions took more than the match limit"]))
  }

  private func facts(of event: Event, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
    var facts = more
    facts[LogKey.eventType] = "\(event.type)"
    facts[LogKey.eventID] = "\(event.id?.prefix(200) ?? "-")"
    return facts
  }

  /// Copies the delivery's facts; texts that repeat from one delivery to the next are made once.
  private func fillEnvelope(_ delivery: Delivery) {
    envelope.queue = delivery.queue
    if !envelope.exchange.isEqual(to: delivery.exchange) {
      envelope.exchange = String(decoding: delivery.exchange, as: UTF8.self)
    }
    if !envelope.routingKey.isEqual(to: delivery.routingKey) {
      envelope.routingKey = String(decoding: delivery.routingKey, as: UTF8.self)
    }
    envelope.redelivered = delivery.redelivered
    envelope.messageID = delivery.properties.messageID
    envelope.contentType = delivery.properties.contentType
    envelope.contentEncoding = delivery.properties.contentEncoding
    if !(envelope.headers.isEmpty && delivery.properties.headers.isEmpty) {
      envelope.headers = delivery.properties.headers.map { Envelope.Header($0) }
    }
    envelope.received = RealTime.now.nanoseconds
  }
}

/// How the matcher, made before any delivery, reaches the socket of the delivery at hand.
private final class SocketLook {
  var look: () -> Void = {}
}

extension Envelope.Header {
  fileprivate init(_ header: (name: String, value: HeaderValue)) {
    let value: Value =
      switch header.value {
      case .text(let text): .text(text)
      case .number(let number): .number(number)
      case .boolean(let boolean): .boolean(boolean)
      case .null: .null
      }
    self.init(name: header.name, value: value)
  }
}

extension String {
  fileprivate func isEqual(to bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    utf8.count == bytes.count && utf8.elementsEqual(bytes)
  }
}
