// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

@testable import AMQP

@Suite struct ConsumerFaultTests {
  @Test("a connection closed by management comes back, and late settlements of the old one harm nothing")
  func closedByManagement() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    for number in 0..<3 { try session.publish("\(number)", routingKey: queue) }
    let settings = broker.settings(queue)
    try await ConsumerHarness.run(settings, decide: { taken, _ in taken.redelivered ? .accepted : nil }) { harness in
      try await harness.took(3)
      try await broker.closeConnection(named: settings.connectionName, reason: "by hand")
      try await harness.event("told") { event in
        if case .lost(let reason) = event { reason.contains("320 CONNECTION_FORCED - by hand") } else { false }
      }
      try await harness.event("retrying") { if case .retrying = $0 { true } else { false } }
      try await harness.consuming(queue, times: 2)
      harness.settle(.accepted) { $0.tag.generation == 1 }
      try await harness.took(6)
      #expect(harness.taken.suffix(3).map(\.text) == ["0", "1", "2"])
      #expect(Set(harness.taken.suffix(3).map(\.tag.generation)) == [2])
      try await harness.leaves(queue, empty: session)
      #expect(harness.losses.count == 1)
    }
  }

  @Test("a wrong password is told with the broker's words, and a corrected file is enough")
  func password() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    let user = broker.uniqueName("user")
    try session.declareQueue(queue)
    try await broker.ctl("add_user", user, "right")
    try await broker.ctl("set_permissions", user, "", "", ".*")
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(user)
    try "wrong\n".write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    var settings = broker.settings(queue)
    settings.address.user = user
    settings.address.password = .file(file.path)
    try await ConsumerHarness.run(settings) { harness in
      try await harness.event("refused") { event in
        if case .lost(let reason) = event { reason.contains("403 ACCESS_REFUSED") } else { false }
      }
      try "right\nsecond line\n".write(to: file, atomically: true, encoding: .utf8)
      try await harness.consuming(queue)
    }
    try await broker.ctl("delete_user", user)
  }

  @Test("an unknown virtual host is told with the broker's words")
  func virtualHost() async throws {
    let broker = try Broker.shared()
    let settings = broker.settings("any", virtualHost: "nowhere")
    try await ConsumerHarness.run(settings) { harness in
      try await harness.event("refused", times: 2) { event in
        if case .lost(let reason) = event { reason.contains("530") && reason.contains("nowhere") } else { false }
      }
    }
  }

  @Test("hosts are tried in turn, and each failure is told")
  func hosts() async throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue)
    var settings = broker.settings(queue)
    settings.address.hosts.insert(.init(name: "127.0.0.1", port: 1), at: 0)
    settings.address.hosts.insert(.init(name: "no-such-host.invalid", port: 5672), at: 1)
    try await ConsumerHarness.run(settings) { harness in
      try await harness.consuming(queue)
      #expect(harness.losses.count == 2)
      #expect(harness.losses.first == "127.0.0.1:1 was not reached: Connection refused")
      #expect(harness.losses.last?.hasPrefix("no-such-host.invalid was not resolved: ") == true)
    }
  }

  @Test(
    "close returns at once while connecting, and while waiting to connect anew", arguments: ["198.51.100.1", "::1"])
  func closeWhileDisconnected(host: String) async throws {
    var settings = ConsumerSettings()
    // The first is reserved for documentation and answers nobody, or is refused at once where there is no route.
    settings.address.hosts = [.init(name: host, port: 1)]
    settings.queues = [QueueSettings(name: "q")]
    var timing = ConsumerTiming.quick
    timing.backoff = Backoff(base: .seconds(30))
    try await ConsumerHarness.run(settings, timing: timing) { harness in
      if host == "::1" { try await harness.event("waits") { if case .retrying = $0 { true } else { false } } }
      let start = Instant.now
      harness.close()
      #expect(start.duration(until: .now) < .seconds(1))
      #expect(harness.events.last == .stopped)
    }
  }

  @Test("the broker's delivery timeout is told with its words, and the deliveries come again")
  func deliveryTimeout() async throws {
    try await Broker.withPrivate { broker in
      try await broker.ctl(
        "eval",
        "application:set_env(rabbit,consumer_timeout,1000), application:set_env(rabbit,channel_tick_interval,500).")
      let session = try broker.session()
      let queue = broker.uniqueName()
      try session.declareQueue(queue)
      try session.publish("slow", routingKey: queue)
      try await ConsumerHarness.run(broker.settings(queue), decide: { taken, _ in taken.redelivered ? .accepted : nil })
      {
        harness in
        try await harness.event("told") { event in
          if case .lost(let reason) = event { reason.contains("406") && reason.contains("timed out") } else { false }
        }
        try await harness.took(2)
        try await harness.leaves(queue, empty: session)
      }
    }
  }

  @Test("a silent broker is noticed within two heartbeats, and a killed one waited for")
  func silenceAndDeath() async throws {
    try await Broker.withPrivate { broker in
      let queue = broker.uniqueName()
      try broker.session().declareQueue(queue, durable: true)
      try broker.session().publish("first", routingKey: queue)
      var settings = broker.settings(queue)
      settings.heartbeat = .seconds(1)
      settings.connectTimeout = .seconds(2)
      try await ConsumerHarness.run(settings, decide: { taken, _ in taken.text == "first" ? nil : .accepted }) {
        harness in
        try await harness.took(1)
        try broker.signal(SIGSTOP)
        try await harness.event("silence") { event in
          if case .lost(let reason) = event { reason.contains("two heartbeats") } else { false }
        }
        try broker.signal(SIGCONT)
        try await harness.consuming(queue, times: 2)

        try await broker.kill()
        let told = harness.losses.count
        try await waitUntil("death") { harness.losses.count > told }
        try await broker.restart()
        try await harness.consuming(queue, times: 3)
        // Given out on each connection: durable, and never settled.
        try await waitUntil("given out again") { harness.taken.count { $0.text == "first" } == 3 }
        try broker.session().publish("second", routingKey: queue)
        try await waitUntil("the second") { harness.taken.last?.text == "second" }
      }
    }
  }
}

extension Broker {
  func closeConnection(named name: String, reason: String) async throws {
    let table = try await ctl("list_connections", "--no-table-headers", "pid", "client_properties")
    let line = table.split(separator: "\n").first { $0.contains("\"\(name)\"") }
    let process = try #require(line?.split(separator: "\t").first)
    try await ctl("close_connection", String(process), reason)
  }
}
