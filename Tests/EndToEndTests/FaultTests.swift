// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

/// What goes wrong on a bus: the listener says so, comes back by itself, and no event of a durable queue is lost.
@Suite struct FaultTests {
  /// A daemon that records on one durable queue, with a short heartbeat: two of them outlast a busy machine's pauses.
  private struct Listener {
    let scene: Scene
    let broker: Broker
    let queue: String
    let daemon: DaemonProcess
    private(set) var published: Set<String> = []

    init(
      _ scene: Scene, _ broker: Broker, user: String = "guest", password: String = "guest", otherQueues: [String] = [],
      settle: String = "journal", heartbeat: String = "3s"
    ) throws {
      self.scene = scene
      self.broker = broker
      queue = broker.uniqueName()
      try broker.session().declareQueue(queue, durable: true)
      try scene.write(
        "onevent.conf",
        """
        [DEFAULT]
        user = \(user)
        password = \(password)
        host = 127.0.0.1
        port = \(broker.port)
        queues = \(([queue] + otherQueues).joined(separator: ", "))
        heartbeat = \(heartbeat)
        settle = \(settle)

        [record]
        events = esi_leap.lease.fulfill.end
        script = ./record.sh
        script_params = node_name
        order_by = none
        """)
      daemon = try scene.run()
    }

    mutating func publish(_ count: Int) throws {
      let session = try broker.session()
      for _ in 0..<count {
        let node = "node-\(published.count)"
        try session.publish([try leaseBody(node: node)], routingKey: queue)
        published.insert(node)
      }
    }

    private var nodesRun: [String] { scene.endedRuns.compactMap { $0.split(separator: " ").last.map(String.init) } }

    /// Waits until every published event has run, and the queue holds nothing, settled or not.
    func expectEverythingRan(timeout: Duration = .seconds(60)) async throws {
      do {
        try await waitUntil("every event has run", timeout: timeout) { Set(nodesRun) == published }
      } catch {
        throw DaemonFailure(description: "\(error); the log:\n\(daemon.logText.suffix(6000))")
      }
      try await waitUntil("everything is settled", timeout: timeout, pause: .milliseconds(200)) {
        let count = try await broker.messages(in: queue)
        return count?.ready == 0 && count?.unacknowledged == 0
      }
    }

    /// That no event ran a second time: redeliveries joined or were recognised.
    func expectNothingRanTwice() {
      #expect(nodesRun.count == Set(nodesRun).count)
    }
  }

  @Test("A connection closed by management comes back, with the broker's words in the log")
  func managementClose() async throws {
    try await Scene.with { scene in
      let broker = try Broker.shared()
      var listener = try Listener(scene, broker)
      try listener.publish(10)
      try await listener.expectEverythingRan()
      let pid = try #require(try await broker.connection(ofProcess: listener.daemon.pid))
      try await broker.ctl("close_connection", pid, "maintenance by the test")
      try await listener.daemon.waitFor("source lost")
      #expect(listener.daemon.lines("source lost").first?["reason"]?.contains("maintenance by the test") == true)
      try listener.publish(10)
      try await listener.expectEverythingRan()
      listener.expectNothingRanTwice()
      #expect(try await listener.daemon.stop() == 0)
    }
  }

  @Test("A queue that is deleted is noticed, and consumed again when it is there again")
  func queueDeleted() async throws {
    try await Scene.with { scene in
      var listener = try Listener(scene, try Broker.shared())
      try listener.publish(5)
      try await listener.expectEverythingRan()
      let session = try listener.broker.session()
      try session.deleteQueue(listener.queue)
      try await listener.daemon.waitFor(
        "queue does not exist yet: it is consumed as soon as its publisher has created it")
      try session.declareQueue(listener.queue, durable: true)
      try listener.publish(5)
      try await listener.expectEverythingRan()
      #expect(try await listener.daemon.stop() == 0)
    }
  }

  @Test("A changed password is told, tried again, and works when it is right again")
  func passwordChanged() async throws {
    try await Scene.with { scene in
      let broker = try Broker.shared()
      let user = broker.uniqueName("user")
      try await broker.ctl("add_user", user, "first")
      try await broker.ctl("set_permissions", user, "", "", ".*")
      var listener = try Listener(scene, broker, user: user, password: "first")
      try listener.publish(5)
      try await listener.expectEverythingRan()
      let pid = try #require(try await broker.connection(ofProcess: listener.daemon.pid))
      try await broker.ctl("change_password", user, "second")
      try await broker.ctl("close_connection", pid, "password changed")
      try await waitUntil("the refusal is in the log", timeout: .seconds(40)) {
        listener.daemon.lines("source lost").contains { $0["reason"]?.contains("ACCESS_REFUSED") == true }
      }
      try listener.publish(5)
      try await broker.ctl("change_password", user, "first")
      try await listener.expectEverythingRan()
      #expect(try await listener.daemon.stop() == 0)
      try await broker.ctl("delete_user", user)
    }
  }

  @Test("A script that runs longer than the heartbeat costs no connection")
  func longScript() async throws {
    try await Scene.with { scene in
      try scene.write("sleep", "8")
      var listener = try Listener(scene, try Broker.shared())
      try listener.publish(2)
      try await listener.expectEverythingRan()
      #expect(listener.daemon.lines("source lost").isEmpty)
      listener.expectNothingRanTwice()
      #expect(try await listener.daemon.stop() == 0)
    }
  }

  @Test("A channel closed by the delivery timeout is told; the redelivery joins the run that is going on")
  func deliveryTimeout() async throws {
    try await Broker.withPrivate { broker in
      try await broker.ctl(
        "eval",
        "application:set_env(rabbit,consumer_timeout,2000), application:set_env(rabbit,channel_tick_interval,500).")
      try await Scene.with { scene in
        try scene.write("sleep", "8")
        var listener = try Listener(scene, broker, settle: "run")
        try listener.publish(2)
        try await waitUntil("the timeout is in the log", timeout: .seconds(40)) {
          listener.daemon.lines("source lost").contains { $0["reason"]?.contains("timed out") == true }
        }
        try await broker.ctl("eval", "application:set_env(rabbit,consumer_timeout,1800000).")
        try await listener.expectEverythingRan()
        listener.expectNothingRanTwice()
        #expect(try await listener.daemon.stop() == 0)
      }
    }
  }

  @Test("A broker that is killed and restarted, also in the middle of scripts, loses nothing")
  func brokerKilled() async throws {
    try await Broker.withPrivate { broker in
      try await Scene.with { scene in
        try scene.write("sleep", "1")
        var listener = try Listener(scene, broker)
        try listener.publish(20)
        try await listener.daemon.waitFor("run started", count: 4)
        try await broker.kill()
        try await listener.daemon.waitFor("source lost")
        try await broker.restart()
        try listener.publish(10)
        try await listener.expectEverythingRan(timeout: .seconds(90))
        listener.expectNothingRanTwice()
        #expect(try await listener.daemon.stop() == 0)
      }
    }
  }

  @Test("A broker that falls silent for longer than two heartbeats is left, and taken up again")
  func brokerSilent() async throws {
    try await Broker.withPrivate { broker in
      try await Scene.with { scene in
        var listener = try Listener(scene, broker)
        try listener.publish(5)
        try await listener.expectEverythingRan()
        try broker.signal(SIGSTOP)
        try await listener.daemon.waitFor("source lost")
        try broker.signal(SIGCONT)
        try listener.publish(5)
        try await listener.expectEverythingRan(timeout: .seconds(90))
        listener.expectNothingRanTwice()
        #expect(try await listener.daemon.stop() == 0)
      }
    }
  }

  @Test("A queue that never exists beside a busy one costs the busy one nothing: drained, nothing redelivered")
  func missingQueueBesideBusyOne() async throws {
    try await Scene.with { scene in
      let broker = try Broker.shared()
      // Long, so that no loss of a loaded machine is taken for one of a look for queues.
      var listener = try Listener(
        scene, broker, otherQueues: [broker.uniqueName("never"), broker.uniqueName("never")], heartbeat: "60s")
      for _ in 0..<10 {
        try listener.publish(20)
        try await listener.expectEverythingRan()
      }
      let missing = "queue does not exist yet: it is consumed as soon as its publisher has created it"
      #expect(listener.daemon.lines(missing).count == 2)
      #expect(listener.daemon.lines("source lost").isEmpty)
      let redelivered = scene.startedRuns.compactMap { line in
        line.split(separator: " ").dropFirst().first.flatMap {
          try? scene.standardInput(of: String($0))["redelivered"] as? Bool
        }
      }
      #expect(redelivered.count == 200)
      #expect(redelivered.allSatisfy { !$0 })
      #expect(try await listener.daemon.stop() == 0)
    }
  }
}

extension Broker {
  /// The broker's name for the connection of a daemon: its client gives it a name that ends with its pid.
  func connection(ofProcess pid: Int32) async throws -> String? {
    let table = try await ctl("list_connections", "--no-table-headers", "pid", "client_properties")
    return table.split(separator: "\n").first { $0.contains(" \(pid)\"") }
      .flatMap { $0.split(separator: "\t").first.map(String.init) }
  }
}
