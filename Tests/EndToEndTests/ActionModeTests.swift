// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

/// What becomes of an event without a script being run.
@Suite struct ActionModeTests {
  @Test("Ignored, observed, expired and disabled: counted, told where it matters, settled, and nothing runs")
  func nothingRuns() async throws {
    try await Scene.with { scene in
      let broker = try Broker.shared()
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.write(
        "onevent.conf",
        """
        [DEFAULT]
        host = 127.0.0.1
        port = \(broker.port)
        queues = \(queue)
        ignore_events = esi_leap.lease.*.start
        script = ./record.sh

        [watch]
        events = esi_leap.lease.fulfill.end
        enabled = observe

        [old]
        events = esi_leap.lease.delete.end
        max_event_age = 1h

        [off]
        events = #
        enabled = no
        """)
      let daemon = try scene.run()
      try session.publish(
        [
          try leaseBody("esi_leap.lease.fulfill.start"), try leaseBody("esi_leap.lease.fulfill.end"),
          try leaseBody("esi_leap.lease.delete.end", time: "2020-01-01 00:00:00"),
          try leaseBody("esi_leap.lease.delete.error"),
        ], routingKey: queue)
      try await daemon.waitFor("event observed")
      try await daemon.waitFor("run expired: the event is older than max_event_age")
      try await waitUntil("everything is settled", pause: .milliseconds(200)) {
        let count = try await broker.messages(in: queue)
        return count?.ready == 0 && count?.unacknowledged == 0
      }
      #expect(try await daemon.stop() == 0)
      let totals = try #require(daemon.lines("onevent stopped").first)
      let expected = [
        "deliveries": "4", "ignored": "1", "matched": "2", "observed": "1", "expired": "1", "unmatched": "1",
      ]
      #expect(totals.filter { expected.keys.contains($0.key) } == expected)
      #expect(scene.startedRuns.isEmpty)
      try session.deleteQueue(queue)
    }
  }

  @Test("A source that no enabled action can match is not consumed, and the log says so")
  func notConsumed() async throws {
    try await Scene.with { scene in
      let broker = try Broker.shared()
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try session.publish([try leaseBody()], routingKey: queue)
      try scene.write(
        "onevent.conf",
        """
        [DEFAULT]
        host = 127.0.0.1
        port = \(broker.port)
        queues = \(queue)

        [off]
        events = esi_leap.lease.fulfill.end
        script = ./record.sh
        enabled = no
        """)
      let daemon = try scene.run()
      try await daemon.waitFor("source is not consumed: no enabled action can match its events")
      try await daemon.waitFor("onevent started")
      #expect(try await daemon.stop() == 0)
      #expect(try session.queueDepth(queue)?.ready == 1)
      try session.deleteQueue(queue)
    }
  }

  @Test("A failed script, one that cannot start and one that is ended for its timeout are told and settled")
  func failures() async throws {
    try await Scene.with { scene in
      let broker = try Broker.shared()
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.script("fails.sh", "#!/bin/sh\necho to stdout\necho the reason >&2\nexit 3\n")
      try scene.script("vanishes.sh", "#!/bin/sh\n")
      try scene.script("hangs.sh", "#!/bin/sh\nsleep 600\n")
      try scene.write(
        "onevent.conf",
        """
        [DEFAULT]
        host = 127.0.0.1
        port = \(broker.port)
        queues = \(queue)
        order_by = none

        [fails]
        events = esi_leap.lease.fulfill.end
        script = ./fails.sh

        [vanishes]
        events = esi_leap.lease.fulfill.end
        script = ./vanishes.sh

        [hangs]
        events = esi_leap.lease.fulfill.end
        script = ./hangs.sh
        timeout = 1s
        retries = 0
        """)
      let daemon = try scene.run()
      try await daemon.waitFor("queue is consumed")
      try scene.remove("vanishes.sh")
      try session.publish([try leaseBody()], routingKey: queue)
      try await daemon.waitFor("run failed", count: 3)
      let failures = Dictionary(
        daemon.lines("run failed").map { ($0["action"] ?? "", $0) }, uniquingKeysWith: { first, _ in first })
      #expect(failures["fails"]?["outcome"] == "exited 3")
      #expect(failures["fails"]?["output"]?.contains("the reason") == true)
      #expect(failures["vanishes"]?["reason"]?.contains("vanishes.sh") == true)
      #expect(failures["hangs"]?["outcome"] == "timed out")
      let streamed = daemon.lines("script output").map { [$0["stream"], $0["output"]] }
      #expect(streamed.contains(["stdout", "to stdout"]))
      #expect(streamed.contains(["stderr", "the reason"]))
      try await waitUntil("the delivery is settled", pause: .milliseconds(200)) {
        let count = try await broker.messages(in: queue)
        return count?.ready == 0 && count?.unacknowledged == 0
      }
      #expect(try await daemon.stop() == 0)
      try session.deleteQueue(queue)
    }
  }
}
