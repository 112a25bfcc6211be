// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Logging
import Settings

/// Takes the deliveries of one source: decodes, matches, and hands runs to the dispatcher.
///
/// Called on its consumer's thread only, and owns that thread's decoder and matcher.
final class Intake: DeliveryReceiver, @unchecked Sendable {
  // Not Sendable by its parts: the consumer calls it from its one thread.
  private let source: String
  private let decoder: EventDecoder
  private let matcher: Matcher
  private let ignored: [EventPattern]
  private let dispatcher: Dispatcher
  private let counters: Counters
  private let logger: Logger
  private let router: SettlementRouter
  private var envelope: Envelope
  private let socket: SocketLook
  private var matches: [Int] = []
  private var regexLimitHits = 0

  init(
    source: SourceSettings, table: ActionTable, dispatcher: Dispatcher, router: SettlementRouter, counters: Counters,
    logger: Logger
  ) {
    self.source = source.name
    self.dispatcher = dispatcher
    self.router = router
    self.counters = counters
    decoder = EventDecoder(source.mapping, inflatedLimit: source.consumer.maxMessageSize)
    let socket = SocketLook()
    self.socket = socket
    matcher = Matcher(table) { socket.look() }
    ignored = source.ignore
    envelope = Envelope(source: source.name)
    var logger = logger
    logger[metadataKey: LogKey.source] = "\(source.name)"
    self.logger = logger
  }

  func receive(_ delivery: Delivery, lookAtSocket: @escaping () -> Void) -> Reception {
    socket.look = lookAtSocket
    counters.deliveries.increment()
    guard let body = delivery.body else {
      counters.undecodable.increment()
      logger.error(
        "delivery refused: its body is larger than max_message_size",
        metadata: [LogKey.size: "\(delivery.bodySize)", LogKey.queue: "\(delivery.queue)"])
      return .settle(.refused)
    }
    fillEnvelope(delivery)
    let event: Event
    do {
      event = try decoder.decode(body, envelope)
    } catch {
      return refuse(delivery, body, error)
    }
    return take(event, delivery.tag)
  }

  func batchEnded() {
    // A large body's memory is not kept until the next one comes.
    decoder.trim()
  }

  private func take(_ event: Event, _ tag: DeliveryTag) -> Reception {
    guard !isIgnored(event) else {
      counters.ignored.increment()
      return .settle(.accepted)
    }
    matches.removeAll(keepingCapacity: true)
    matcher.match(event, into: &matches)
    reportLimitHits(event)
    guard !matches.isEmpty else {
      counters.unmatched.increment()
      logger.debug("event matched no action", metadata: facts(of: event))
      return .settle(.accepted)
    }
    counters.matched.increment()
    let identity = event.identity
    switch dispatcher.admit(identity, Receipt(settler: router, tag: tag)) {
    case .joined(let first):
      counters.duplicate.increment()
      logger.debug("delivery joined its event that is going on", metadata: facts(of: event, [LogKey.first: "\(first)"]))
      return .keep(bytes: 0)
    case .ended(let first):
      counters.duplicate.increment()
      logger.debug("event is a duplicate", metadata: facts(of: event, [LogKey.first: "\(first)"]))
      return .settle(.accepted)
    case .new(let number):
      let runs = runs(for: event, identity, number)
      let bytes = Run.size(of: runs)
      return dispatcher.enqueue(runs, of: number).map(Reception.settle) ?? .keep(bytes: bytes)
    }
  }

  /// The runs of an event in the order of the files, without those that observe, have expired or are refused.
  private func runs(for event: Event, _ identity: EventIdentity?, _ number: UInt64) -> [Run] {
    var runs: [Run] = []
    for index in matches {
      socket.look()
      let action = matcher.table.actions[index]
      let runID = event.runID(of: action, identity, number: number)
      let metadata = facts(
        of: event, [LogKey.event: "\(number)", LogKey.action: "\(action.name)", LogKey.run: "\(runID)"])
      if action.mode == .observe {
        counters.observed.increment()
        logger.info("event observed", metadata: metadata)
        continue
      }
      if let age = event.age, let limit = action.maxEventAge, age > limit {
        counters.expired.increment()
        logger.warning(
          "run expired: the event is older than max_event_age",
          metadata: metadata.merging([LogKey.age: "\(seconds(age))"]) { $1 })
        continue
      }
      do {
        let facts = RunFacts(runID: runID, eventNumber: number, attempt: 1)
        runs.append(
          Run(
            id: runID, event: number, eventType: event.type, action: index, actionName: action.name,
            key: action.orderingKey(for: event), invocation: try action.invocation(for: event, facts),
            warnAfter: action.warnAfter))
        logger.debug("run accepted", metadata: metadata)
      } catch {
        counters.refused.increment()
        logger.error("run refused", metadata: metadata.merging([LogKey.reason: "\(error)"]) { $1 })
      }
    }
    return runs
  }

  private func isIgnored(_ event: Event) -> Bool {
    !ignored.isEmpty && event.withType { type in ignored.contains { $0.matches(type) } }
  }

  private func refuse(_ delivery: Delivery, _ body: UnsafeRawBufferPointer, _ failure: DecodingFailure) -> Reception {
    counters.undecodable.increment()
    logger.error(
      "delivery refused: its body cannot be decoded",
      metadata: [
        LogKey.reason: "\(failure)", LogKey.size: "\(body.count)", LogKey.digest: "\(Digest(of: body))",
        LogKey.queue: "\(delivery.queue)", LogKey.routingKey: "\(envelope.routingKey)",
      ])
    return .settle(.refused)
  }

  private func reportLimitHits(_ event: Event) {
    let hits = matcher.regexLimitHits - regexLimitHits
    guard hits > 0 else { return }
    regexLimitHits = matcher.regexLimitHits
    counters.regexLimitHits.increment(by: hits)
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
