// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Testing

@testable import AMQP

@Suite struct ConsumerRetirementTests {
  @Test("a retiring consumer gives back what it did not take, and ends once what it took is settled")
  func retires() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    try session.publish((0..<5).map { Array("\($0)".utf8) }, routingKey: queue)
    var settings = broker.settings(queue)
    settings.prefetch = 2
    try await ConsumerHarness.run(settings, decide: { _, _ in nil }) { harness in
      try await harness.took(2)
      harness.retire()
      try await harness.event("drained") { $0 == .drained }
      #expect(harness.taken.count == 2)
      #expect(!harness.events.contains(.stopped))
      let messages = try await broker.messages(in: queue)
      #expect(messages?.ready == 3)
      #expect(messages?.unacknowledged == 2)
      harness.settle(.accepted)
      try await harness.event("stopped") { $0 == .stopped }
      try await waitUntil("the two are gone") {
        try await broker.messages(in: queue).map { $0.ready == 3 && $0.unacknowledged == 0 } == true
      }
      #expect(harness.losses.isEmpty)
    }
  }

  @Test("a successor that begins when its predecessor has drained takes everything in order")
  func order() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    let count = 400
    try session.publish((0..<count).map { Array("\($0)".utf8) }, routingKey: queue)
    var settings = broker.settings(queue)
    settings.prefetch = 50
    try await ConsumerHarness.run(settings, observe: { _, _ in }) { first in
      try await first.took(1)
      first.retire()
      try await first.event("drained") { $0 == .drained }
      try await ConsumerHarness.run(settings) { second in
        try await waitUntil("all were taken") { first.taken.count + second.taken.count >= count }
        #expect((first.taken + second.taken).map(\.text) == (0..<count).map(String.init))
      }
    }
  }

  @Test("a consumer that has never reached its broker retires at once")
  func unconnected() async throws {
    var settings = ConsumerSettings()
    // Nothing listens there.
    settings.address.hosts = [.init(name: "127.0.0.1", port: 1)]
    settings.queues = [QueueSettings(name: "q")]
    var timing = ConsumerTiming.quick
    timing.backoff = Backoff(base: .seconds(600), cap: .seconds(600), healthyAfter: .seconds(1))
    try await ConsumerHarness.run(settings, timing: timing) { harness in
      try await harness.event("lost") { if case .lost = $0 { true } else { false } }
      harness.retire()
      try await harness.event("stopped") { $0 == .stopped }
    }
  }
}
