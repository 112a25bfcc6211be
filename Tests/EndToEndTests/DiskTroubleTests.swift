// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

/// What goes wrong with the journal's disk: nothing is acknowledged that is not recorded, and nothing is lost.
@Suite struct DiskTroubleTests {
  private let broker: Broker

  init() throws { broker = try Broker.shared() }

  private func config(_ queue: String, journal: String) -> String {
    """
    [DEFAULT]
    host = 127.0.0.1
    port = \(broker.port)
    queues = \(queue)

    [journal]
    path = \(journal)
    min_free = 0

    [record]
    events = esi_leap.lease.fulfill.end
    script = ./record.sh
    script_params = node_name
    order_by = none
    """
  }

  private func nodes(_ lines: [String]) -> [String] {
    lines.compactMap { $0.split(separator: " ").last.map(String.init) }.sorted()
  }

  private func publish(_ numbers: Range<Int>, to queue: String) throws {
    let session = try broker.session()
    for number in numbers { try session.publish([try leaseBody(node: "node-\(number)")], routingKey: queue) }
  }

  private func expectAll(_ count: Int, _ scene: Scene, _ queue: String) async throws {
    try await waitUntil("every event has run", timeout: .seconds(90)) { scene.endedRuns.count >= count }
    try await waitUntil("everything is settled", pause: .milliseconds(100)) {
      let left = try await broker.messages(in: queue)
      return left?.ready == 0 && left?.unacknowledged == 0
    }
    #expect(nodes(scene.endedRuns) == (0..<count).map { "node-\($0)" }.sorted())
  }

  @Test("A full disk stops the reading and says so; when it has room again, everything runs, once")
  func full() async throws {
    guard getuid() == 0 else { return }
    try await Scene.with { scene in
      let disk = scene.directory.appendingPathComponent("disk").path
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      guard mount("onevent-test", disk, "tmpfs", 0, "size=1m") == 0 else {
        // Without the right to mount there is no small disk to be had.
        return
      }
      defer { umount2(disk, Int32(MNT_DETACH)) }
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.write("onevent.conf", config(queue, journal: "\(disk)/journal.sqlite"))
      let daemon = try scene.run(environment: ["ONEVENT_JOURNAL__PATH": "\(disk)/journal.sqlite"])
      try publish(0..<5, to: queue)
      try await waitUntil("the first ones have run") { scene.endedRuns.count == 5 }
      // Fills what is left, to the last byte.
      let filler = open("\(disk)/filler", O_WRONLY | O_CREAT, 0o600)
      let block = [UInt8](repeating: 1, count: 4096)
      while write(filler, block, block.count) > 0 {}
      close(filler)
      try publish(5..<60, to: queue)
      try await daemon.waitFor("journal is in trouble: nothing is taken until it is well")
      try await daemon.waitFor("source is not read")
      let status = try await scene.command("status", "-c", scene.directory.appendingPathComponent("onevent.conf").path)
      #expect(status.output.contains("no room"))
      #expect(status.status == 1)
      // What was taken and not recorded is back at the broker.
      try await waitUntil("the rest is with the broker", pause: .milliseconds(100)) {
        let left = try await broker.messages(in: queue)
        return (left?.ready ?? 0) > 0 && left?.unacknowledged == 0
      }
      unlink("\(disk)/filler")
      try await daemon.waitFor("journal is well again")
      try await expectAll(60, scene, queue)
      #expect(try await daemon.stop() == 0)
      try session.deleteQueue(queue)
    }
  }

  @Test("A journal that is garbage at start is set aside, and the daemon works with a new one")
  func garbageAtStart() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      let path = try scene.write("journal.sqlite", String(repeating: "this is no database\n", count: 1_000))
      try scene.write("onevent.conf", config(queue, journal: path))
      try publish(0..<3, to: queue)
      let daemon = try scene.run()
      try await daemon.waitFor("journal was damaged: it was set aside, and a new one begun")
      try await expectAll(3, scene, queue)
      #expect(try await daemon.stop() == 0)
      let kept = try FileManager.default.contentsOfDirectory(atPath: scene.directory.path)
        .filter { $0.hasPrefix("journal.sqlite.corrupt-") }
      #expect(kept.count == 1)
      try session.deleteQueue(queue)
    }
  }

  @Test("A journal whose place another file takes is put back while the daemon runs, with all that it held")
  func replaced() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      let path = scene.directory.appendingPathComponent("journal.sqlite").path
      try scene.write("onevent.conf", config(queue, journal: path))
      let daemon = try scene.run()
      try publish(0..<5, to: queue)
      try await waitUntil("the first ones have run") { scene.endedRuns.count == 5 }
      let garbage = try scene.write("garbage", String(repeating: "?", count: 10_000))
      #expect(rename(garbage, path) == 0)
      try await daemon.waitFor("journal is in trouble: nothing is taken until it is well")
      try await daemon.waitFor("journal is well again")
      try publish(3..<10, to: queue)
      try await waitUntil("all others have run") { scene.endedRuns.count >= 12 }
      // What it knew it still knows.
      let config = scene.directory.appendingPathComponent("onevent.conf").path
      let runs = try await scene.command("runs", "--json", "-c", config)
      #expect(runs.output.components(separatedBy: "\"succeeded\"").count - 1 == 12)
      #expect(try await daemon.stop() == 0)
      try session.deleteQueue(queue)
    }
  }

  @Test("A journal that is overwritten while the daemon runs is set aside, and what comes is recorded in a new one")
  func overwritten() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      let path = scene.directory.appendingPathComponent("journal.sqlite").path
      try scene.write("onevent.conf", config(queue, journal: path))
      let daemon = try scene.run()
      try publish(0..<5, to: queue)
      try await waitUntil("the first ones have run") { scene.endedRuns.count == 5 }
      let file = open(path, O_WRONLY)
      let garbage = [UInt8](repeating: 0x55, count: 8192)
      #expect(pwrite(file, garbage, garbage.count, 0) == garbage.count)
      close(file)
      try await daemon.waitFor("journal was damaged: it was set aside, and a new one begun")
      try await daemon.waitFor("journal is well again")
      try publish(5..<10, to: queue)
      try await expectAll(10, scene, queue)
      #expect(try await daemon.stop() == 0)
      try session.deleteQueue(queue)
    }
  }
}
