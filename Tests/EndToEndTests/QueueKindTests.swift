// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import ProgramFixture
import Testing

/// Queues as the real oslo.messaging makes them, whatever its deployment says about durability.
@Suite struct QueueKindTests {
  enum Kind: String, CaseIterable {
    case transient, durable, quorum

    /// The option of `scripts/publish-lease-events`.
    var options: [String] { self == .transient ? [] : ["--\(rawValue)"] }
  }

  @Test("A queue that oslo.messaging makes after our start is taken up, whatever its kind", arguments: Kind.allCases)
  func oslo(_ kind: Kind) async throws {
    let broker = try Broker.shared()
    try await broker.withVirtualHost { virtualHost in
      try await Scene.with { scene in
        try scene.write(
          "onevent.conf",
          """
          [DEFAULT]
          host = 127.0.0.1
          port = \(broker.port)
          virtual_host = \(virtualHost)
          queues = esi_leap_versioned_notifications.info, esi_leap_versioned_notifications.error

          [record]
          events = esi_leap.lease.*.*
          script = ./record.sh
          script_params = @type, @publisher, @object.node
          """)
        let daemon = try scene.run()
        try await daemon.waitFor(
          "queue does not exist yet: it is consumed as soon as its publisher has created it", count: 2)
        let publisher = repository.appendingPathComponent("scripts/publish-lease-events").path
        let url = "rabbit://guest:guest@127.0.0.1:\(broker.port)/\(virtualHost)"
        let result = try await outsideOfThePool { try runProgram(publisher, [url] + kind.options) }
        try #require(result.status == 0, "\(result.errorText)")
        try await daemon.waitFor("run succeeded", count: 6)
        let types = scene.startedRuns.compactMap { $0.split(separator: " ").last.map(String.init) }
        let expected = ["fulfill", "delete"].flatMap { action in
          ["start", "end", "error"].map { "esi_leap.lease.\(action).\($0)" }
        }
        #expect(types.sorted() == expected.sorted())
        #expect(try await daemon.stop() == 0)
      }
    }
  }
}
