// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Synchronization
import Testing

@testable import AMQP

/// What a delivery was, copied while its view was valid.
struct Taken: Sendable {
  var tag: DeliveryTag
  var queue: String
  var exchange: String
  var routingKey: String
  var redelivered: Bool
  var messageID: String?
  var contentType: String?
  var headers: [String: HeaderValue]
  var body: [UInt8]?
  var bodySize: UInt64

  var text: String { String(decoding: body ?? [], as: UTF8.self) }

  init(_ delivery: Delivery) {
    tag = delivery.tag
    queue = delivery.queue
    exchange = String(decoding: delivery.exchange, as: UTF8.self)
    routingKey = String(decoding: delivery.routingKey, as: UTF8.self)
    redelivered = delivery.redelivered
    messageID = delivery.properties.messageID
    contentType = delivery.properties.contentType
    headers = Dictionary(delivery.properties.headers.map { ($0.name, $0.value) }) { $1 }
    body = delivery.body.map { Array($0) }
    bodySize = delivery.bodySize
  }
}

/// A consumer of the tests, with everything that it took and told.
final class ConsumerHarness: DeliveryReceiver {
  /// Nil keeps the delivery open, for the bytes of its body.
  typealias Decide = @Sendable (Taken, _ lookAtSocket: () -> Void) -> Settlement?
  typealias Observe = @Sendable (ConsumerHarness, ConsumerEvent) -> Void

  private struct State {
    var taken: [Taken] = []
    var events: [ConsumerEvent] = []
    var batches = 0
    var consumer: Consumer?
  }

  private let state = Mutex(State())
  private let decide: Decide

  /// What a kept delivery costs.
  private let cost: @Sendable (Taken) -> Int

  private init(decide: @escaping Decide, cost: @escaping @Sendable (Taken) -> Int) {
    self.decide = decide
    self.cost = cost
  }

  var taken: [Taken] { state.withLock(\.taken) }
  var events: [ConsumerEvent] { state.withLock(\.events) }
  var batches: Int { state.withLock(\.batches) }

  func receive(_ delivery: Delivery, lookAtSocket: @escaping () -> Void) -> Reception {
    let taken = Taken(delivery)
    state.withLock { $0.taken.append(taken) }
    return decide(taken, lookAtSocket).map { .settle($0) } ?? .keep(bytes: cost(taken))
  }

  func batchEnded() {
    state.withLock { $0.batches += 1 }
  }

  func settle(_ settlement: Settlement, where matches: (Taken) -> Bool = { _ in true }) {
    let tags = taken.filter(matches).map { (tag: $0.tag, settlement: settlement) }
    state.withLock(\.consumer)?.settle(tags)
  }

  func hold(_ reason: String?) { state.withLock(\.consumer)?.hold(reason) }
  func stopTaking() { state.withLock(\.consumer)?.stopTaking() }
  func retire() { state.withLock(\.consumer)?.retire() }
  func close() { state.withLock(\.consumer)?.close() }

  /// Waits for an event, counting from the first.
  func event(_ description: String, times: Int = 1, _ matches: @Sendable (ConsumerEvent) -> Bool) async throws {
    try await waitUntil(description, timeout: .seconds(40)) {
      events.count(where: matches) >= times
    }
  }

  func consuming(_ queue: String, times: Int = 1) async throws {
    try await event("consuming \(queue)", times: times) { $0 == .consuming(queue: queue) }
  }

  func took(_ count: Int) async throws {
    try await waitUntil("took \(count) deliveries") { taken.count >= count }
  }

  var losses: [String] {
    events.compactMap { event in if case .lost(let reason) = event { reason } else { nil } }
  }

  /// Runs a consumer for the length of a test, and closes it whatever happens.
  static func run<Value>(
    _ settings: ConsumerSettings, timing: ConsumerTiming = .quick, decide: @escaping Decide = { _, _ in .accepted },
    cost: @escaping @Sendable (Taken) -> Int = { $0.body?.count ?? 0 }, observe: @escaping Observe = { _, _ in },
    _ body: (ConsumerHarness) async throws -> Value
  ) async throws -> Value {
    let harness = ConsumerHarness(decide: decide, cost: cost)
    let consumer = Consumer(settings, timing: timing, receiver: harness) { [weak harness] event in
      guard let harness else { return }
      harness.state.withLock { $0.events.append(event) }
      observe(harness, event)
    }
    harness.state.withLock { $0.consumer = consumer }
    defer {
      consumer.close()
      harness.state.withLock { $0.consumer = nil }
    }
    consumer.start()
    do {
      return try await body(harness)
    } catch {
      Issue.record("the last events until then: \(harness.events.suffix(20))")
      throw error
    }
  }
}

extension ConsumerTiming {
  /// For tests, which need not spare a broker.
  static var quick: ConsumerTiming {
    var timing = ConsumerTiming()
    timing.look = .milliseconds(200)
    timing.bind = .milliseconds(400)
    timing.backoff = Backoff(base: .milliseconds(100), cap: .milliseconds(500), healthyAfter: .seconds(1))
    return timing
  }
}

extension Broker {
  func settings(_ queues: String..., virtualHost: String = "/") -> ConsumerSettings {
    var settings = ConsumerSettings()
    settings.address.hosts = [.init(name: "127.0.0.1", port: port)]
    settings.address.virtualHost = virtualHost
    settings.connectionName = uniqueName("test")
    settings.queues = queues.map { QueueSettings(name: $0) }
    return settings
  }
}
