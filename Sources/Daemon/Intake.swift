// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Journal
import Logging
import Settings
import Synchronization

/// Takes the deliveries of one source, and hands what is to be stored to the dispatcher.
///
/// Called on its consumer's thread only.
final class Intake: DeliveryReceiver, @unchecked Sendable {
  // Not Sendable by its parts: the consumer calls it from its one thread.
  private let sorter: EventSorter
  private let record: EventRecord
  private let nextWork = Mutex<EventSorter.Work?>(nil)
  /// Cheap enough to be asked for every delivery.
  private let hasNextWork = Atomic(false)
  private let inputs: InputQueue<DispatchInput>
  private let metrics: SourceMetrics
  private let router: SettlementRouter
  private var envelope: Envelope
  private let socket: SocketLook
  private var deliveries: UInt64 = 0
  /// What came since the last batch ended.
  private var batch: [Arrival] = []

  init(
    source: SourceSettings, plan: Plan, inputs: InputQueue<DispatchInput>,
    unmatched: UnmatchedEvents, types: SeenTypes, router: SettlementRouter, metrics: DaemonMetrics, logger: Logger
  ) {
    record = EventRecord(source: source.name, settle: source.settle == .journal ? .journal : .run)
    self.inputs = inputs
    self.router = router
    self.metrics = metrics.source(source.name)
    let socket = SocketLook()
    self.socket = socket
    envelope = Envelope(source: source.name)
    var logger = logger
    logger[metadataKey: LogKey.source] = "\(source.name)"
    sorter = EventSorter(
      EventSorter.Work(source.reading, plan), record: record, unmatched: unmatched, types: types, metrics: self.metrics,
      logger: logger, pause: { socket.look() })
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
      event = try sorter.decoder.decode(body, envelope)
    } catch {
      return refuse(delivery, sorter.decoder.lastBody, "\(error)", Digest(of: body))
    }
    switch sorter.sort(event, number: deliveries) {
    case .ignored:
      metrics.count(.ignored)
      return .settle(.accepted)
    case .unmatched:
      metrics.count(.unmatched)
      return .settle(.accepted)
    case .kept(let new): return keep(new, event.envelope, delivery.tag)
    }
  }

  /// Decodes and matches by other settings from the next delivery on; from any thread.
  func adopt(_ work: EventSorter.Work) {
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
    if let next { sorter.adopt(next) }
  }

  func batchEnded() {
    if !batch.isEmpty {
      inputs.add(.arrived(batch))
      batch.removeAll(keepingCapacity: true)
    }
    // A large body's memory is not kept until the next one comes.
    sorter.decoder.trim()
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
