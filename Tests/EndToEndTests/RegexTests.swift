// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

@Suite struct RegexTests {
  @Test("A value that makes a regular expression explode is a counted non-match; heartbeats are kept, the queue drains")
  func hostileRegex() async throws {
    try await Scene.with { scene in
      let broker = try Broker.shared()
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      let hostile = String(repeating: "a", count: 40) + "b"
      for _ in 0..<500 { try session.publish([try leaseBody(purpose: hostile)], routingKey: queue) }
      try scene.write(
        "onevent.conf",
        """
        [DEFAULT]
        host = 127.0.0.1
        port = \(broker.port)
        queues = \(queue)
        heartbeat = 3s
        prefetch = 500

        [evil]
        events = esi_leap.lease.fulfill.end
        script = ./record.sh
        filter_params = {"purpose": "(a+)+$"}
        """)
      let daemon = try scene.run(environment: ["ONEVENT_LOG__LEVEL": "warning"])
      try await waitUntil("the queue is drained and settled", timeout: .seconds(60), pause: .milliseconds(200)) {
        let count = try await broker.messages(in: queue)
        return count?.ready == 0 && count?.unacknowledged == 0
      }
      #expect(daemon.lines("source lost").isEmpty)
      #expect(daemon.lines("a regular expression hit its match limit: counted as no match").count == 500)
      #expect(try await daemon.stop() == 0)
      #expect(scene.startedRuns.isEmpty)
      try session.deleteQueue(queue)
    }
  }
}
