// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import ProgramFixture
import Testing

/// The built binary under a service manager and a system journal that are real sockets.
@Suite struct ServiceTests {
  /// Nobody listens there: none of this needs a broker.
  private static let config = """
    [DEFAULT]
    host = 127.0.0.1
    port = 1
    queues = any

    [record]
    events = esi_leap.#
    script = ./record.sh
    """

  private func start(_ scene: Scene, _ environment: [String: String] = [:]) throws -> (DaemonProcess, ServiceManager) {
    try scene.write("onevent.conf", Self.config)
    let manager = try ServiceManager(at: scene.directory.appendingPathComponent("notify").path)
    let daemon = try scene.run(
      environment: ["NOTIFY_SOCKET": manager.address].merging(environment) { $1 })
    return (daemon, manager)
  }

  @Test("A service manager hears READY without a broker, STOPPING at the end, and nothing else of that kind")
  func life() async throws {
    try await Scene.with { scene in
      let (daemon, manager) = try start(scene)
      try await manager.waitFor("READY=1")
      #expect(scene.exists("api"))
      try await manager.waitFor("STATUS=", containing: "connected to 0 of 1 sources (default: lost)")
      #expect(manager.told("STATUS=").contains { $0.hasSuffix("running 0, pending 0, failed 0") })
      #expect(try await daemon.stop() == 0)
      #expect(manager.milestones == ["READY=1", "STOPPING=1"])
      // Nobody asked for signs of life.
      #expect(manager.told("WATCHDOG=").isEmpty)
    }
  }

  @Test("A reload is told, whatever came of it")
  func reloads() async throws {
    try await Scene.with { scene in
      let (daemon, manager) = try start(scene)
      try await manager.waitFor("READY=1")
      daemon.signal(SIGHUP)
      try await manager.waitFor("READY=1", count: 2)
      try scene.write("onevent.conf", Self.config + "\ntimeout = for ever")
      daemon.signal(SIGHUP)
      try await manager.waitFor("READY=1", count: 3)
      #expect(try await daemon.stop() == 0)
      #expect(
        manager.milestones == ["READY=1", "RELOADING=1", "READY=1", "RELOADING=1", "READY=1", "STOPPING=1"])
      #expect(manager.told("MONOTONIC_USEC=").count == 2)
    }
  }

  @Test("An abstract socket serves too")
  func abstract() async throws {
    try await Scene.with { scene in
      try scene.write("onevent.conf", Self.config)
      let manager = try ServiceManager(at: "@onevent-test-\(UUID().uuidString)")
      let daemon = try scene.run(environment: ["NOTIFY_SOCKET": manager.address])
      try await manager.waitFor("READY=1")
      #expect(try await daemon.stop() == 0)
      #expect(manager.milestones == ["READY=1", "STOPPING=1"])
    }
  }

  @Test("A configuration that is refused is never READY")
  func refused() async throws {
    try await Scene.with { scene in
      try scene.write("onevent.conf", Self.config + "\ntimeout = for ever")
      let manager = try ServiceManager(at: scene.directory.appendingPathComponent("notify").path)
      let daemon = try scene.run(environment: ["NOTIFY_SOCKET": manager.address])
      #expect(try await daemon.end() == 78)
      #expect(manager.milestones.isEmpty)
    }
  }

  @Test(
    "The watchdog is fed until a thread hangs, and again when it moves",
    arguments: ["broker", "journal", "spawner", "watcher"])
  func watchdog(_ thread: String) async throws {
    try await Scene.with { scene in
      let wedge = scene.directory.appendingPathComponent("wedge").path
      let (daemon, manager) = try start(
        scene, ["WATCHDOG_USEC": "2000000", "ONEVENT_WEDGE": "\(thread):\(wedge)"])
      try await manager.waitFor("WATCHDOG=1", count: 3)
      try scene.write("wedge", "")
      try await manager.waitFor("STATUS=HANGS: \(thread)")
      let fed = manager.told("WATCHDOG=").count
      // An absence can only be waited for: as long as a manager would wait before it ends the daemon.
      try await Task.sleep(for: .seconds(2))
      #expect(manager.told("WATCHDOG=").count == fed)
      #expect(daemon.lines("a thread hangs: the watchdog is not fed").first?["thread"]?.hasPrefix(thread) == true)
      try scene.remove("wedge")
      try await manager.waitFor("WATCHDOG=1", count: fed + 2)
      #expect(try await daemon.stop() == 0)
      #expect(manager.milestones == ["READY=1", "STOPPING=1"])
    }
  }

  @Test("A watchdog that names another process is not fed")
  func otherProcess() async throws {
    try await Scene.with { scene in
      let (daemon, manager) = try start(scene, ["WATCHDOG_USEC": "60000", "WATCHDOG_PID": "1"])
      // The status changes a second after the start at the earliest; by then many signs of life were due.
      try await manager.waitFor("STATUS=", containing: "default: lost")
      #expect(try await daemon.stop() == 0)
      #expect(manager.told("WATCHDOG=").isEmpty)
    }
  }

  @Test("While scripts are finished the daemon asks for time, and the status says how many")
  func drain() async throws {
    let broker = try Broker.shared()
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.write("hold", "")
      try scene.write(
        "onevent.conf",
        Self.config.replacingOccurrences(of: "port = 1", with: "port = \(broker.port)")
          .replacingOccurrences(of: "queues = any", with: "queues = \(queue)"))
      try session.publish([try leaseBody()], routingKey: queue)
      let manager = try ServiceManager(at: scene.directory.appendingPathComponent("notify").path)
      let daemon = try scene.run(environment: ["NOTIFY_SOCKET": manager.address])
      try await manager.waitFor("STATUS=connected to 1 of 1 sources; running 1, pending 0, failed 0")
      daemon.signal(SIGTERM)
      try await manager.waitFor("EXTEND_TIMEOUT_USEC=20000000")
      try scene.remove("hold")
      #expect(try await daemon.end() == 0)
      #expect(manager.milestones == ["READY=1", "STOPPING=1"])
      try session.deleteQueue(queue)
    }
  }

  @Test("A flood of events that match nothing is seen at level debug only", arguments: ["info", "debug"])
  func flood(_ level: String) async throws {
    let broker = try Broker.shared()
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.write(
        "onevent.conf",
        Self.config.replacingOccurrences(of: "port = 1", with: "port = \(broker.port)")
          .replacingOccurrences(of: "queues = any", with: "queues = \(queue)")
          .replacingOccurrences(of: "events = *", with: "events = esi_leap.lease.fulfill.end"))
      let other = try notification("ironic.node.provision_set.end.v2")
      for _ in 0..<300 { try session.publish([other], routingKey: queue) }
      try session.publish([try leaseBody()], routingKey: queue)
      let daemon = try scene.run(environment: ["ONEVENT_LOG__LEVEL": level])
      try await daemon.waitFor("run succeeded")
      #expect(daemon.lines("event matched no action").count == (level == "debug" ? 300 : 0))
      #expect(try await daemon.stop() == 0)
      try session.deleteQueue(queue)
    }
  }

  @Test("Where standard error leads to the system journal, entries go there with their fields")
  func journal() async throws {
    try await Scene.with { scene in
      try scene.write("onevent.conf", Self.config)
      let journal = try DatagramReceiver(at: scene.directory.appendingPathComponent("journal").path)
      _ = FileManager.default.createFile(atPath: scene.nextLog.path, contents: nil)
      let facts = try FileManager.default.attributesOfItem(atPath: scene.nextLog.path)
      let number = try #require(facts[.systemFileNumber] as? Int)
      let device = try #require(facts[.systemNumber] as? Int)
      let daemon = try scene.run(
        logsJSON: false,
        environment: ["JOURNAL_STREAM": "\(device):\(number)", "ONEVENT_JOURNAL_SOCKET": journal.address])
      try await waitUntil("the loss of the source is in the journal") {
        journal.texts.contains { $0.contains("\nONEVENT_MESSAGE=source lost\n") }
      }
      let entry = try #require(journal.texts.first { $0.contains("\nONEVENT_MESSAGE=source lost\n") })
      #expect(entry.hasPrefix("PRIORITY=4\nSYSLOG_IDENTIFIER=onevent\nMESSAGE=source lost reason="))
      #expect(entry.contains("\nONEVENT_SOURCE=default\n"))
      #expect(daemon.logText.isEmpty)

      journal.end()
      try await waitUntil("lines go to standard error instead") { daemon.logText.contains("source lost reason=") }
      #expect(try await daemon.stop() == 0)
      let said = daemon.logText.split(separator: "\n").filter {
        $0.hasPrefix("<3>system journal takes no log entries: they go to standard error reason=")
      }
      #expect(said.count == 1)
    }
  }

  @Test("A format that is configured is not changed by where standard error leads")
  func explicitFormat() async throws {
    try await Scene.with { scene in
      try scene.write("onevent.conf", Self.config)
      let journal = try DatagramReceiver(at: scene.directory.appendingPathComponent("journal").path)
      _ = FileManager.default.createFile(atPath: scene.nextLog.path, contents: nil)
      let facts = try FileManager.default.attributesOfItem(atPath: scene.nextLog.path)
      let number = try #require(facts[.systemFileNumber] as? Int)
      let device = try #require(facts[.systemNumber] as? Int)
      let daemon = try scene.run(
        environment: ["JOURNAL_STREAM": "\(device):\(number)", "ONEVENT_JOURNAL_SOCKET": journal.address])
      try await daemon.waitFor("source lost")
      #expect(try await daemon.stop() == 0)
      #expect(journal.all.isEmpty)
    }
  }
}

/// What a service manager hears, assignment by assignment.
private struct ServiceManager {
  private let receiver: DatagramReceiver

  init(at address: String) throws { receiver = try DatagramReceiver(at: address) }

  var address: String { receiver.address }
  private var assignments: [String] { receiver.texts.flatMap { $0.split(separator: "\n").map(String.init) } }

  func told(_ beginning: String) -> [String] { assignments.filter { $0.hasPrefix(beginning) } }

  /// Everything but what is told again and again.
  var milestones: [String] {
    assignments.filter { assignment in
      !["STATUS=", "WATCHDOG=1", "EXTEND_TIMEOUT_USEC=", "MONOTONIC_USEC="].contains { assignment.hasPrefix($0) }
    }
  }

  func waitFor(_ beginning: String, containing part: String = "", count: Int = 1) async throws {
    try await waitUntil("\(count) × \(beginning)… \(part)") {
      told(beginning).count { part.isEmpty || $0.contains(part) } >= count
    }
  }
}
