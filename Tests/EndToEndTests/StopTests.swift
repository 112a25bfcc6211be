// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

@Suite struct StopTests {
  private let broker: Broker

  init() throws { broker = try Broker.shared() }

  private func config(_ queue: String, _ more: String = "") -> String {
    """
    [DEFAULT]
    host = 127.0.0.1
    port = \(broker.port)
    queues = \(queue)
    settle = run

    [scripts]
    max_concurrent = 2
    \(more)

    [record]
    events = esi_leap.lease.fulfill.end
    script = ./record.sh
    script_params = node_name
    order_by = none
    """
  }

  @Test("SIGTERM finishes the scripts that run, gives the rest back to the queue, and exits with 0")
  func drains() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.write("hold", "")
      try scene.write("onevent.conf", config(queue))
      for number in 0..<10 { try session.publish([try leaseBody(node: "node-\(number)")], routingKey: queue) }
      let daemon = try scene.run()
      try await daemon.waitFor("run started", count: 2)
      daemon.signal(SIGTERM)
      try await daemon.waitFor("onevent is stopping")
      try scene.remove("hold")
      #expect(try await daemon.end() == 0)
      #expect(scene.startedRuns.count == 2)
      #expect(scene.endedRuns.count == 2)
      try await waitUntil("eight events are ready again") { try session.queueDepth(queue)?.ready == 8 }
      try session.deleteQueue(queue)
    }
  }

  @Test("Past drain_timeout scripts are ended and their events given back")
  func drainLimit() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.write("sleep", "600")
      try scene.write("onevent.conf", config(queue, "drain_timeout = 1s"))
      for number in 0..<3 { try session.publish([try leaseBody(node: "node-\(number)")], routingKey: queue) }
      let daemon = try scene.run()
      try await daemon.waitFor("run started", count: 2)
      #expect(try await daemon.stop() == 0)
      #expect(daemon.lines("run interrupted").count == 2)
      try await waitUntil("all events are ready again") { try session.queueDepth(queue)?.ready == 3 }
      try session.deleteQueue(queue)
    }
  }

  @Test("A second signal does not wait for drain_timeout")
  func hurries() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.write("sleep", "600")
      try scene.write("onevent.conf", config(queue, "drain_timeout = 10m"))
      try session.publish([try leaseBody()], routingKey: queue)
      let daemon = try scene.run()
      try await daemon.waitFor("run started")
      daemon.signal(SIGTERM)
      try await daemon.waitFor("onevent is stopping")
      #expect(try await daemon.stop() == 0)
      #expect(daemon.lines("run interrupted").count == 1)
      try session.deleteQueue(queue)
    }
  }

  @Test("A third signal kills what does not end")
  func kills() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.script("stubborn.sh", "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n")
      try scene.write(
        "onevent.conf",
        config(queue, "drain_timeout = 10m")
          .replacingOccurrences(of: "./record.sh", with: "./stubborn.sh\nkill_after = 10m"))
      try session.publish([try leaseBody()], routingKey: queue)
      let daemon = try scene.run()
      try await daemon.waitFor("run started")
      daemon.signal(SIGTERM)
      try await daemon.waitFor("onevent is stopping")
      daemon.signal(SIGTERM)
      try await daemon.waitFor("second signal: running scripts are ended now")
      daemon.signal(SIGTERM)
      #expect(try await daemon.end() == 0)
      #expect(daemon.lines("run interrupted").count == 1)
      try await waitUntil("the event is ready again") { try session.queueDepth(queue)?.ready == 1 }
      try session.deleteQueue(queue)
    }
  }

  @Test("Without a broker the daemon keeps trying, says so, and stops at once when asked to")
  func noBroker() async throws {
    try await Scene.with { scene in
      try scene.write("onevent.conf", config("any").replacingOccurrences(of: "\(broker.port)", with: "1"))
      let daemon = try scene.run()
      try await daemon.waitFor("source is tried again later", count: 2)
      #expect(daemon.lines("source lost").first?["reason"]?.contains("127.0.0.1") == true)
      #expect(try await daemon.stop(timeout: .seconds(5)) == 0)
    }
  }
}
