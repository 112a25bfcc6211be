// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

@testable import AMQP

@Suite struct ConsumerQueueTests {
  @Test("a missing queue is told once, disturbs no other, and is consumed when it comes")
  func missing() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let (busy, missing) = (broker.uniqueName("busy"), broker.uniqueName("missing"))
    try session.declareQueue(busy)
    for number in 0..<50 { try session.publish("\(number)", routingKey: busy) }
    // Nothing is settled: whatever closed the channel would have all of it delivered again.
    try await ConsumerHarness.run(broker.settings(missing, busy), decide: { _, _ in nil }) { harness in
      try await harness.event("missing") { $0 == .queueMissing(queue: missing) }
      try await harness.took(32)
      let looks = try await broker.looks(of: harness) { try session.publish("wake", routingKey: busy) }
      #expect(looks >= 3)
      #expect(harness.events.count { $0 == .queueMissing(queue: missing) } == 1)

      try session.declareQueue(missing)
      try await harness.consuming(missing)
      try session.publish("new", routingKey: missing)
      try await waitUntil("the new queue's message") { harness.taken.contains { $0.queue == missing } }
      #expect(harness.taken.filter(\.redelivered).isEmpty)
      #expect(harness.losses.isEmpty)
    }
  }

  @Test("a deleted queue is told and taken up again when it is back")
  func deleted() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    try await ConsumerHarness.run(broker.settings(queue)) { harness in
      try await harness.consuming(queue)
      try session.deleteQueue(queue)
      try await harness.event("cancelled") { if case .cancelled(queue, _) = $0 { true } else { false } }
      try await harness.event("missing") { $0 == .queueMissing(queue: queue) }
      try session.declareQueue(queue)
      try session.publish("again", routingKey: queue)
      try await harness.consuming(queue, times: 2)
      try await harness.took(1)
      #expect(harness.losses.isEmpty)
    }
  }

  @Test("an own queue is declared as spelled out")
  func created() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    var settings = broker.settings()
    var own = QueueSettings(name: queue)
    own.declaration = .create(
      durable: true, autoDelete: false, type: "classic",
      arguments: ["x-max-length": "2", "x-overflow": "reject-publish"])
    settings.queues = [own]
    try await ConsumerHarness.run(settings) { harness in
      try await harness.consuming(queue)
    }
    let described = try await broker.ctl("list_queues", "--no-table-headers", "name", "durable", "arguments")
    let line = described.split(separator: "\n").first { $0.hasPrefix(queue) }
    #expect(line?.contains("true") == true)
    #expect(line?.contains(#"{"x-max-length",2}"#) == true, "\(line ?? "none")")
    try session.deleteQueue(queue)
  }

  @Test("a queue that is there with other arguments is told with the broker's words and not touched")
  func inequivalent() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let (queue, healthy) = (broker.uniqueName(), broker.uniqueName("healthy"))
    try session.declareQueue(queue, durable: false)
    try session.declareQueue(healthy)
    var settings = broker.settings(healthy)
    var own = QueueSettings(name: queue)
    own.declaration = .create(durable: true, autoDelete: false, type: nil, arguments: [:])
    settings.queues.append(own)
    try await ConsumerHarness.run(settings) { harness in
      try await harness.consuming(healthy)
      try await harness.event("told") { event in
        guard case .warning(let words) = event else { return false }
        return words.contains("406") && words.contains("inequivalent arg 'durable'")
      }
      #expect(harness.losses.isEmpty)
    }
  }

  @Test("a binding comes back with its exchange, and no delivery is lost meanwhile")
  func binding() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let (queue, exchange) = (broker.uniqueName("own"), broker.uniqueName("exchange"))
    var settings = broker.settings()
    var own = QueueSettings(name: queue)
    own.declaration = .create(durable: true, autoDelete: false, type: nil, arguments: [:])
    own.bindings = [.init(exchange: exchange, pattern: "lease.#")]
    settings.queues = [own]
    try await ConsumerHarness.run(settings, decide: { _, _ in nil }) { harness in
      try await harness.event("no exchange yet") { event in
        if case .warning(let words) = event { words.contains("404") && words.contains(exchange) } else { false }
      }
      try await harness.consuming(queue)
      for round in 1...2 {
        try session.declareExchange(exchange)
        try await waitUntil("bound again, round \(round)") {
          try session.publish("\(round)", exchange: exchange, routingKey: "lease.create")
          return harness.taken.contains { $0.text == "\(round)" }
        }
        try session.deleteExchange(exchange)
      }
      #expect(harness.taken.filter(\.redelivered).isEmpty)
      #expect(harness.losses.isEmpty)
    }
    try session.deleteQueue(queue)
  }

  @Test("a queue that may not be consumed is told and left alone, and the others go on")
  func forbidden() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let (forbidden, allowed) = (broker.uniqueName("forbidden"), broker.uniqueName("allowed"))
    let user = broker.uniqueName("user")
    try session.declareQueue(forbidden)
    try session.declareQueue(allowed)
    try await broker.ctl("add_user", user, "secret")
    try await broker.ctl("set_permissions", user, "^$", "^$", "^allowed-.*")
    var settings = broker.settings(forbidden, allowed)
    settings.address.user = user
    settings.address.password = .text("secret")
    try await ConsumerHarness.run(settings) { harness in
      try await harness.consuming(allowed)
      #expect(harness.losses.count == 1)
      #expect(harness.losses.first?.contains("403 ACCESS_REFUSED") == true)
      try session.publish("fine", routingKey: allowed)
      try await harness.took(1)
    }
    try await broker.ctl("delete_user", user)
  }
}

extension Broker {
  /// How many short connections a consumer made until three were seen or the patience ended.
  ///
  /// The looks themselves are what is waited for, so that an absence of effects is one after looks took place.
  func looks(of harness: ConsumerHarness, _ meanwhile: () throws -> Void) async throws -> Int {
    let log = directory.appendingPathComponent("log/broker.log")
    func count() throws -> Int {
      try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
        .count { $0.contains("looking for queues") && $0.contains("authenticated") }
    }
    let before = try count()
    try await waitUntil("three looks") {
      try meanwhile()
      return try count() >= before + 3
    }
    return try count() - before
  }
}
