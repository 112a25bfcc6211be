// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

@testable import AMQP

@Suite struct ConsumerTests {
  @Test("a message comes with all that the broker says about it")
  func message() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let (queue, exchange) = (broker.uniqueName(), broker.uniqueName("exchange"))
    try session.declareQueue(queue)
    try session.declareExchange(exchange)
    try session.bind(queue: queue, exchange: exchange, pattern: "lease.#")
    var properties = MessageProperties()
    properties.messageID = "m-1"
    properties.headers = [
      ("text", .text("täxt")), ("number", .integer(-7)), ("flag", .boolean(true)), ("nothing", .null),
      ("table", .table(["a": "b"])),
    ]
    try session.publish("{}", exchange: exchange, routingKey: "lease.create", properties: properties)

    try await ConsumerHarness.run(broker.settings(queue)) { harness in
      try await harness.took(1)
      let taken = try #require(harness.taken.first)
      #expect(taken.queue == queue)
      #expect(taken.exchange == exchange)
      #expect(taken.routingKey == "lease.create")
      #expect(!taken.redelivered)
      #expect(taken.messageID == "m-1")
      #expect(taken.contentType == "application/json")
      let headers: [String: HeaderValue] = [
        "text": .text("täxt"), "number": .number("-7"), "flag": .boolean(true), "nothing": .null,
      ]
      #expect(taken.headers == headers)
      #expect(taken.text == "{}")
      #expect(taken.bodySize == 2)
      try await harness.leaves(queue, empty: session)
      #expect(harness.batches >= 1)
      let connected = ConsumerEvent.connected(host: "127.0.0.1:\(broker.port)", product: "RabbitMQ 3.10.8")
      #expect(harness.events.first == connected)
    }
  }

  @Test("bodies of any size arrive whole, and more than the limit only by their size")
  func sizes() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    let sizes = [0, 1, 131_064, 131_065, 500_000, 1_000_000, 1_000_001, 5_000_000, 3]
    try session.publish(
      sizes.map { size in (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) } }, routingKey: queue)

    var settings = broker.settings(queue)
    settings.maxMessageSize = 1_000_000
    try await ConsumerHarness.run(settings) { harness in
      try await harness.took(sizes.count)
      for (taken, size) in zip(harness.taken, sizes) {
        #expect(taken.bodySize == UInt64(size))
        let expected = size > 1_000_000 ? nil : (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(taken.body == expected, "size \(size)")
      }
    }
  }

  @Test("each settlement reaches the broker as what it is")
  func settlements() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    for name in ["accept", "refuse", "return", "later"] { try session.publish(name, routingKey: queue) }

    try await ConsumerHarness.run(
      broker.settings(queue),
      decide: { taken, _ in
        switch taken.text {
        case "accept": .accepted
        case "refuse": .refused
        case "return": taken.redelivered ? .accepted : .returned
        default: nil
        }
      },
      { harness in
        try await harness.took(5)
        #expect(harness.taken.map(\.text) == ["accept", "refuse", "return", "later", "return"])
        #expect(harness.taken.map(\.redelivered) == [false, false, false, false, true])
        try await waitUntil("only the open one is left") {
          try await broker.messages(in: queue).map { $0.ready == 0 && $0.unacknowledged == 1 } == true
        }
        harness.settle(.accepted) { $0.text == "later" }
        // Twice: that would close the channel if it were sent.
        harness.settle(.accepted)
        try await harness.leaves(queue, empty: session)
        #expect(harness.losses.isEmpty)
      })
  }

  @Test("ten thousand messages settle, out of order, with nothing lost and nothing twice")
  func many() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    let count = 10_000
    try session.publish((0..<count).map { Array("\($0)".utf8) }, routingKey: queue)
    var settings = broker.settings(queue)
    settings.prefetch = 100
    try await ConsumerHarness.run(
      settings,
      decide: { taken, _ in (Int(taken.text) ?? 0).isMultiple(of: 3) ? nil : .accepted },
      { harness in
        var settled = 0
        try await waitUntil("all were taken", timeout: .seconds(60)) {
          let taken = harness.taken
          let open = taken[settled...].filter { (Int($0.text) ?? 0).isMultiple(of: 3) }.shuffled()
          harness.settle(open.map(\.tag))
          settled = taken.count
          return taken.count >= count
        }
        #expect(harness.taken.compactMap { Int($0.text) } == Array(0..<count))
        try await harness.leaves(queue, empty: session)
        #expect(harness.losses.isEmpty)
      })
  }

  @Test("after stopTaking nothing more is taken, and what was taken can be settled")
  func stopTaking() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    try session.publish("before", routingKey: queue)
    try await ConsumerHarness.run(broker.settings(queue), decide: { _, _ in nil }) { harness in
      try await harness.took(1)
      harness.stopTaking()
      try await waitUntil("no consumer") { try session.queueDepth(queue)?.consumers == 0 }
      try session.publish("after", routingKey: queue)
      harness.settle(.accepted)
      try await waitUntil("one is left") {
        try await broker.messages(in: queue).map { $0.ready == 1 && $0.unacknowledged == 0 } == true
      }
      harness.close()
      #expect(harness.events.last == .stopped)
      #expect(harness.taken.count == 1)
    }
  }

  @Test("close sends what is settled, returns the rest, and a second close does nothing")
  func close() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    for number in 0..<4 { try session.publish("\(number)", routingKey: queue) }
    try await ConsumerHarness.run(broker.settings(queue), decide: { _, _ in nil }) { harness in
      try await harness.took(4)
      harness.settle(.accepted) { $0.text == "1" || $0.text == "2" }
      harness.close()
      harness.close()
      let left = try session.drain(queue)
      #expect(left.map(\.text) == ["0", "3"])
      #expect(left.map(\.redelivered) == [true, true])
      #expect(harness.losses.isEmpty)
    }
  }

  @Test("a receiver that works longer than two heartbeats loses no connection when it looks at the socket")
  func longWork() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    // Enough that the library always has more in its buffer.
    try session.publish((0..<2_000).map { Array("\($0)".utf8) }, routingKey: queue)
    var settings = broker.settings(queue)
    settings.heartbeat = .seconds(1)
    settings.prefetch = 2_000
    try await ConsumerHarness.run(
      settings,
      decide: { taken, lookAtSocket in
        guard taken.text == "5" else { return .accepted }
        let end = Instant.now.advanced(by: .seconds(4))
        while Instant.now < end {
          usleep(20_000)
          lookAtSocket()
        }
        return .accepted
      },
      { harness in
        try await harness.took(2_000)
        #expect(harness.taken.map { Int($0.text) } == (0..<2_000).map { $0 })
        try await harness.leaves(queue, empty: session)
        #expect(harness.losses.isEmpty)
      })
  }
}

extension ConsumerHarness {
  /// Closes, which returns what is not settled, and expects that nothing was.
  func leaves(_ queue: String, empty session: BrokerSession) async throws {
    close()
    #expect(try session.queueDepth(queue)?.ready == 0)
  }

  func settle(_ tags: [DeliveryTag]) {
    let all = Set(tags)
    settle(.accepted) { all.contains($0.tag) }
  }
}
