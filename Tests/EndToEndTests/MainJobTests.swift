// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

@Suite struct MainJobTests {
  private let broker: Broker

  init() throws { broker = try Broker.shared() }

  /// A configuration with one queue and one action that records.
  private func config(_ queue: String, _ action: String, _ more: String = "") -> String {
    """
    [DEFAULT]
    host = 127.0.0.1
    port = \(broker.port)
    queues = \(queue)
    \(more)

    [record]
    events = esi_leap.lease.fulfill.end
    script = ./record.sh
    \(action)
    """
  }

  @Test("The documented configuration runs unchanged, and a null fulfill_time is an empty argument")
  func documentedExample() async throws {
    try await Scene.with { scene in
      try await broker.withVirtualHost { virtualHost in
        let user = "esi-\(UUID().uuidString.prefix(8))"
        try await broker.ctl("add_user", user, "s3cret%#:x")
        try await broker.ctl("set_permissions", "-p", virtualHost, user, "", "", ".*")
        let session = try broker.session(virtualHost: virtualHost)
        let queues = ["info", "error"].map { "esi_leap_versioned_notifications.\($0)" }
        for queue in queues { try session.declareQueue(queue, durable: true) }
        let file = fixtures.appendingPathComponent("config/automated-workflows.conf")
        try scene.write("esi-event-action-listener.conf", try String(contentsOf: file, encoding: .utf8))
        let recorder = try String(contentsOf: scene.directory.appendingPathComponent("record.sh"), encoding: .utf8)
        try scene.script("fulfill.sh", recorder)
        try scene.script("delete.sh", recorder)
        let daemon = try scene.run(
          "esi-event-action-listener.conf",
          environment: [
            "ONEVENT_DEFAULT__PORT": "\(broker.port)", "ONEVENT_DEFAULT__VIRTUAL_HOST": virtualHost,
            "ONEVENT_DEFAULT__USER": user,
          ])
        for name in ["fulfill.start", "fulfill.end", "delete.start", "delete.end"] {
          try session.publish([try notification("esi-leap.lease.\(name).v2")], routingKey: queues[0])
        }
        for name in ["fulfill.error", "delete.error"] {
          try session.publish([try notification("esi-leap.lease.\(name).v2")], routingKey: queues[1])
        }
        try await daemon.waitFor("run succeeded", count: 2)
        try await waitUntil("both queues are empty and settled") {
          for queue in queues {
            guard let count = try await broker.messages(in: queue, virtualHost: virtualHost) else { return false }
            if count.ready + count.unacknowledged > 0 { return false }
          }
          return true
        }
        let runs = daemon.lines("run succeeded").compactMap { $0["run"] }
        #expect(scene.startedRuns.count == 2)
        for run in runs {
          #expect(scene.arguments(of: run).map { String(decoding: $0, as: UTF8.self) } == ["MOC-R8PAC23U24", ""])
        }
        #expect(try await daemon.stop() == 0)
        #expect(!daemon.logText.contains("s3cret"))
        try await broker.ctl("delete_user", user)
      }
    }
  }

  static let hostileValues: [String] = [
    "x; touch pwned", "\"quoted\" 'single' `touch pwned` $(touch pwned)", "two\nlines\n", "-rf", "--", "",
    " leading and trailing ", "*", "$HOME", "\\", "ünï 💥", String(repeating: "x", count: 100_000),
  ]

  @Test("Hostile text arrives as one argument, unchanged")
  func hostileValues() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.write("onevent.conf", config(queue, "script_params = purpose\norder_by = none"))
      let daemon = try scene.run()
      for value in Self.hostileValues { try session.publish([try leaseBody(purpose: value)], routingKey: queue) }
      try await daemon.waitFor("run succeeded", count: Self.hostileValues.count)
      let runs = daemon.lines("run succeeded").compactMap { $0["run"] }
      let got = runs.map { scene.arguments(of: $0).map { String(decoding: $0, as: UTF8.self) } }
      #expect(Set(got) == Set(Self.hostileValues.map { [$0] }))
      #expect(!scene.exists("pwned"))
      #expect(try await daemon.stop() == 0)
      try session.deleteQueue(queue)
    }
  }

  @Test("What cannot be an argument is refused with the reason, and the delivery is settled")
  func refusals() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.write("onevent.conf", config(queue, "script_params = purpose\ndash_params = refuse"))
      let daemon = try scene.run()
      for value in ["nul\u{0}byte", String(repeating: "x", count: 140_000), "-rf"] {
        try session.publish([try leaseBody(purpose: value)], routingKey: queue)
      }
      try await daemon.waitFor("run refused", count: 3)
      let reasons = daemon.lines("run refused").compactMap { $0["reason"] }
      #expect(reasons.contains { $0.contains("NUL") })
      #expect(reasons.contains { $0.contains("131") })
      #expect(reasons.contains { $0.contains("dash_params") })
      #expect(try await daemon.stop() == 0)
      #expect(try session.queueDepth(queue)?.ready == 0)
      #expect(scene.startedRuns.isEmpty)
      try session.deleteQueue(queue)
    }
  }

  @Test("A body that is no event is kept and told with size, digest and reason, and the daemon goes on")
  func undecodable() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.write("onevent.conf", config(queue, "script_params = purpose", "max_message_size = 64KiB"))
      let daemon = try scene.run()
      try session.publish([[UInt8](repeating: 32, count: 65_537)], routingKey: queue)
      var lease = try leaseBody(purpose: "cut here")
      if let cut = lease.firstIndex(of: UInt8(ascii: "h")) { lease[cut] = 0xc3 }
      let invalid: [[UInt8]] = [
        lease,
        [], Array("not json".utf8), Array("{\"a\":1".utf8), [0xff, 0xfe, 0x00],
        Array(repeating: UInt8(ascii: "["), count: 5000),
        Array(
          "{\"oslo.version\":\"2.0\",\"oslo.message\":\"{\\\"_context_auth_token\\\": \\\"gAAAA-secret\\\"\"}".utf8),
      ]
      for body in invalid { try session.publish([body], routingKey: queue) }
      try session.publish([try leaseBody()], routingKey: queue)
      try await daemon.waitFor("event cannot be decoded: its bytes are kept", count: invalid.count + 1)
      try await daemon.waitFor("run succeeded")
      let told = daemon.lines("event cannot be decoded: its bytes are kept")
      #expect(told.first { $0["reason"]?.contains("max_message_size") == true }?["size"] == "65537")
      for line in told {
        #expect(line["event"] != nil)
        #expect(line["reason"]?.contains("max_message_size") == true || line["digest"]?.count == 64)
        #expect(line["size"] != nil)
        #expect(line["reason"]?.isEmpty == false)
      }
      #expect(!daemon.logText.contains("gAAAA-secret"))
      #expect(try await daemon.stop() == 0)
      #expect(try session.queueDepth(queue)?.ready == 0)
      try session.deleteQueue(queue)
    }
  }

  @Test("A live token reaches neither script nor log")
  func token() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.write("onevent.conf", config(queue, "script_params = purpose\nstdin = body"))
      let daemon = try scene.run()
      try session.publish([try notification("esi-leap.lease.fulfill.end.older-sender.v2")], routingKey: queue)
      try await daemon.waitFor("run succeeded")
      let run = try #require(daemon.lines("run succeeded").first?["run"])
      let token = "gAAAAABlive-token-must-never-leave"
      let body = try String(contentsOf: scene.directory.appendingPathComponent("runs/\(run).stdin"), encoding: .utf8)
      #expect(body.contains("_context_auth_token"))
      #expect(!body.contains(token))
      #expect(!daemon.logText.contains(token))
      let environment = try scene.environment(of: run)
      #expect(environment.values.allSatisfy { !$0.contains(token) })
      #expect(try await daemon.stop() == 0)
      try session.deleteQueue(queue)
    }
  }

  @Test("Events of one node run one after another in order, different nodes side by side")
  func order() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.write("sleep", "0.02")
      try scene.write("onevent.conf", config(queue, "script_params = node_name, purpose", "prefetch = 100"))
      for number in 0..<30 {
        try session.publish([try leaseBody(node: "node-\(number % 3)", purpose: "\(number)")], routingKey: queue)
      }
      let daemon = try scene.run()
      try await daemon.waitFor("run succeeded", count: 30)
      var running: [String: String] = [:]
      var lastOfNode: [String: Int] = [:]
      var mostAtOnce = 0
      for line in scene.runLog {
        let words = line.split(separator: " ").map(String.init)
        let purpose = scene.arguments(of: words[1]).last.flatMap { Int(String(decoding: $0, as: UTF8.self)) }
        if words[0] == "start" {
          #expect(running[words[2]] == nil)
          #expect(lastOfNode[words[2], default: -1] < (purpose ?? -1))
          lastOfNode[words[2]] = purpose
          running[words[2]] = words[1]
        } else {
          running[words[2]] = nil
        }
        mostAtOnce = max(mostAtOnce, running.count)
      }
      #expect(mostAtOnce > 1)
      #expect(try await daemon.stop() == 0)
      try session.deleteQueue(queue)
    }
  }

  @Test("An event that no action names goes to the fallback with its own name")
  func fallback() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.write(
        "onevent.conf",
        config(queue, "script_params = purpose")
          + "\n\n[rest]\nevents = @unmatched\nscript = ./record.sh\nscript_params = @type\n")
      let daemon = try scene.run()
      try session.publish([try notification("ironic.node.provision_set.end.v2")], routingKey: queue)
      try session.publish([try leaseBody()], routingKey: queue)
      try await daemon.waitFor("run succeeded", count: 2)
      let arguments = scene.startedRuns.compactMap { $0.split(separator: " ").last.map(String.init) }
      #expect(arguments.sorted() == ["baremetal.node.provision_set.end", "test"])
      #expect(try await daemon.stop() == 0)
      try session.deleteQueue(queue)
    }
  }

  @Test("Every JSON text, well formed or not, is taken or refused, and the daemon lives")
  func corpus() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.write("onevent.conf", config(queue, "script_params = purpose"))
      let daemon = try scene.run(environment: ["ONEVENT_LOG__LEVEL": "notice"])
      let accepted = try bodies(of: "accepted")
      let refused = try bodies(of: "refused")
      try session.publish(accepted + refused + [try leaseBody()], routingKey: queue)
      try await waitUntil("everything is settled", pause: .milliseconds(200)) {
        let count = try await broker.messages(in: queue)
        return count?.ready == 0 && count?.unacknowledged == 0
      }
      #expect(try await daemon.stop() == 0)
      #expect(daemon.lines("event cannot be decoded: its bytes are kept").count == refused.count)
      let totals = try #require(daemon.lines("onevent stopped").first)
      #expect(totals["unmatched"] == "\(accepted.count)")
      #expect(totals["succeeded"] == "1")
      try session.deleteQueue(queue)
    }
  }

  private func bodies(of folder: String) throws -> [[UInt8]] {
    try FileManager.default.contentsOfDirectory(
      at: fixtures.appendingPathComponent("json/\(folder)"), includingPropertiesForKeys: nil
    ).map { [UInt8](try Data(contentsOf: $0)) }
  }

  @Test("Two sources, two actions, one node: its runs stay one after another; --only-source leaves the other alone")
  func twoSources() async throws {
    try await Scene.with { scene in
      let (first, second) = (broker.uniqueName(), broker.uniqueName())
      let session = try broker.session()
      for queue in [first, second] { try session.declareQueue(queue, durable: true) }
      try scene.write("sleep", "0.05")
      try scene.write(
        "onevent.conf",
        """
        [DEFAULT]
        host = 127.0.0.1
        port = \(broker.port)

        [source:one]
        queues = \(first)

        [source:two]
        queues = \(second)

        [fulfill]
        events = esi_leap.lease.fulfill.*
        script = ./record.sh
        script_params = node_name

        [delete]
        events = esi_leap.lease.#
        script = ./record.sh
        script_params = node_name
        """)
      for queue in [first, second] {
        try session.publish(try (0..<4).map { _ in try leaseBody(node: "node-1") }, routingKey: queue)
      }
      let only = try scene.run("onevent.conf", ["--only-source", "one"])
      try await only.waitFor("run succeeded", count: 8)
      #expect(try await only.stop() == 0)
      #expect(try session.queueDepth(first)?.ready == 0)
      #expect(try session.queueDepth(second)?.ready == 4)
      try session.publish(try (0..<4).map { _ in try leaseBody(node: "node-1") }, routingKey: first)
      let daemon = try scene.run()
      try await daemon.waitFor("run succeeded", count: 16)
      let words = scene.runLog.map { $0.split(separator: " ")[0] }
      #expect(words.count == 48)
      for (index, word) in words.enumerated() { #expect(word == (index % 2 == 0 ? "start" : "end")) }
      #expect(try await daemon.stop() == 0)
      for queue in [first, second] { try session.deleteQueue(queue) }
    }
  }
}
