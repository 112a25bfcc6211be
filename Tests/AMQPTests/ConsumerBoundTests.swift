// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Testing

@testable import AMQP

@Suite struct ConsumerBoundTests {
  @Test("past the bound of unsettled bytes consuming pauses, and goes on when half is settled")
  func unsettledBytes() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    try session.publish((0..<20).map { _ in [UInt8](repeating: 1, count: 1_000) }, routingKey: queue)
    var settings = broker.settings(queue)
    settings.maxUnsettledBytes = 5_500
    try await ConsumerHarness.run(settings, decide: { _, _ in nil }) { harness in
      try await harness.event("paused") { if case .paused = $0 { true } else { false } }
      #expect(harness.taken.count == 5)
      try await waitUntil("the others are back in the queue") {
        try await broker.messages(in: queue).map { $0.ready == 15 && $0.unacknowledged == 5 } == true
      }
      let first = harness.taken.prefix(2).map(\.tag)
      harness.settle(Array(first))
      try await waitUntil("two were settled") { try await broker.messages(in: queue)?.unacknowledged == 3 }
      #expect(!harness.events.contains(.resumed))
      harness.settle(harness.taken[2..<4].map(\.tag))
      try await harness.event("resumed") { $0 == .resumed }
      try await harness.took(8)
      try await waitUntil("all are taken at last") {
        harness.settle(.accepted)
        return try await broker.messages(in: queue).map { $0.ready + $0.unacknowledged == 0 } == true
      }
    }
  }

  @Test("the bound counts what the receiver holds, not what came over the wire")
  func heldBytes() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    try session.publish((0..<20).map { _ in [UInt8](repeating: 1, count: 10) }, routingKey: queue)
    var settings = broker.settings(queue)
    settings.maxUnsettledBytes = 3_000
    try await ConsumerHarness.run(settings, decide: { _, _ in nil }, cost: { _ in 1_000 }) { harness in
      try await harness.event("paused") { if case .paused = $0 { true } else { false } }
      #expect(harness.taken.count == 3)
    }
  }

  @Test("what is settled while a pause begins turns no order round")
  func orderOverPauses() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    let count = 200
    try session.publish((0..<count).map { Array("\($0)".utf8) }, routingKey: queue)
    var settings = broker.settings(queue)
    settings.prefetch = 100
    settings.maxUnsettledBytes = 7_000
    try await ConsumerHarness.run(
      settings, decide: { _, _ in nil }, cost: { _ in 1_000 },
      observe: { harness, event in
        // Before the broker can know of the pause.
        if case .paused = event { harness.settle(.accepted) }
      },
      { harness in
        try await waitUntil("all are taken", timeout: .seconds(60)) { harness.taken.count >= count }
        #expect(harness.taken.compactMap { Int($0.text) } == Array(0..<count))
        #expect(harness.events.contains(.resumed))
        #expect(harness.losses.isEmpty)
      })
  }

  @Test("one message alone may pass the bound")
  func oneLarge() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    try session.publish((0..<3).map { _ in [UInt8](repeating: 1, count: 300_000) }, routingKey: queue)
    var settings = broker.settings(queue)
    settings.maxUnsettledBytes = 1_000
    try await ConsumerHarness.run(settings, decide: { _, _ in nil }) { harness in
      for round in 1...3 {
        try await harness.took(round)
        harness.settle(.accepted)
      }
      try await harness.leaves(queue, empty: session)
    }
  }

  @Test("held by its owner it takes nothing, tells so after a reconnect, too, and goes on in the order of the queue")
  func hold() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    let settings = broker.settings(queue)
    try await ConsumerHarness.run(settings) { harness in
      try await harness.consuming(queue)
      harness.hold("a test asked for it")
      try await harness.event("paused") { $0 == .paused(reason: "a test asked for it") }
      try session.publish((0..<20).map { [UInt8($0)] }, routingKey: queue)
      try await waitUntil("all are in the queue") { try await broker.messages(in: queue)?.ready == 20 }
      #expect(harness.taken.isEmpty)
      try await broker.closeConnection(named: settings.connectionName, reason: "by hand")
      try await harness.event("paused again", times: 2) { $0 == .paused(reason: "a test asked for it") }
      #expect(harness.taken.isEmpty)
      #expect(!harness.events.contains(.resumed))
      harness.hold(nil)
      try await harness.took(20)
      #expect(harness.taken.map { $0.body?.first } == (0..<20).map { UInt8($0) })
    }
  }
}
