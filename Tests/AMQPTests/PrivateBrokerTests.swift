// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import ProgramFixture
import Testing

/// The command `scripts/broker`, on which all other tests with a broker rest.
@Suite struct PrivateBrokerTests {
  @Test("A broker starts, crashes, comes back with its data, and leaves no process when it is stopped")
  func livesAndLeavesNothing() async throws {
    let directory = temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let url = try BrokerScript.run("start", directory, ["--config", "default_user_tags.management = true"])
    let port = try #require(try BrokerScript.facts(in: directory)["PORT"].flatMap(UInt16.init))
    #expect(url == "amqp://guest:guest@127.0.0.1:\(port)/\n")
    #expect(throws: BrokerScriptError.self, "it runs already") { try BrokerScript.run("start", directory) }

    do {
      let session = try BrokerSession(port: port)
      try session.declareQueue("durable", durable: true)
      try session.declareQueue("transient")
      try session.publish((0..<100).map { [UInt8($0)] }, routingKey: "durable")
    }
    // The broker's record of a queue that it has just confirmed may not be on the disk yet.
    try BrokerScript.run("ctl", directory, ["eval", "mnesia:sync_log()."])
    try BrokerScript.run("kill", directory)
    #expect(throws: (any Error).self) { try BrokerSession(port: port) }

    #expect(try BrokerScript.run("restart", directory) == url)
    do {
      let session = try BrokerSession(port: port)
      #expect(try session.queueDepth("transient") == nil)
      #expect(try session.drain("durable").map(\.body) == (0..<100).map { [UInt8($0)] })
    }
    #expect(try BrokerScript.run("ctl", directory, ["list_users"]).contains("management"))

    let broker = try #require(try BrokerScript.facts(in: directory)["PID"].flatMap(Int32.init))
    let epmd = try #require(try BrokerScript.facts(in: directory)["EPMD_PID"].flatMap(Int32.init))
    // The detector: it sees both while they run, and what they started.
    let family = descendants(of: broker)
    #expect(isAlive(broker) && isAlive(epmd) && !family.isEmpty && family.allSatisfy(isAlive))
    try BrokerScript.run("stop", directory)
    #expect(!isAlive(broker) && !isAlive(epmd))
    try await waitUntil("the broker's children are gone") { !family.contains(where: isAlive) }

    // Nothing more to stop, here and where never was anything, is no error; nothing to ask is one.
    try BrokerScript.run("stop", directory)
    try BrokerScript.run("stop", temporaryDirectory())
    #expect(throws: BrokerScriptError.self) { try BrokerScript.run("ctl", directory, ["list_queues"]) }
  }

  @Test("A broker that cannot start is told with its own words, and leaves no process")
  func tellsWhyItDoesNotStart() throws {
    let directory = temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let error = #expect(throws: BrokerScriptError.self) {
      try BrokerScript.run("start", directory, ["--config", "no_such_setting = 1"])
    }
    #expect(error?.description.contains("unknown variable: no_such_setting") == true)
    let facts = try BrokerScript.facts(in: directory)
    let epmd = try #require(facts["EPMD_PID"].flatMap(Int32.init))
    #expect(!isAlive(epmd))
  }

  @Test(
    "A usage error is told", arguments: [["start"], ["sing", "DIR"], ["start", "a b"], ["start", "DIR", "--config"]])
  func tellsUsage(_ arguments: [String]) throws {
    let directory = temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let result = try runProgram(BrokerScript.path, arguments.map { $0 == "DIR" ? directory.path : $0 })
    #expect(result.status == 1)
    #expect(result.errorText.hasPrefix("scripts/broker: "))
  }

  private func temporaryDirectory() -> URL {
    FileManager.default.temporaryDirectory.appendingPathComponent("onevent-broker-\(UUID().uuidString)")
  }

  /// Whether a process runs; one that is dead but not buried does not.
  private func isAlive(_ pid: Int32) -> Bool {
    guard let state = status(pid)?.first else { return false }
    return state != "Z" && state != "X"
  }

  private func descendants(of pid: Int32) -> [Int32] {
    let pids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap(Int32.init)
    let children = pids.filter { (status($0)?.dropFirst().first).flatMap { Int32($0) } == pid }
    return children + children.flatMap(descendants)
  }

  /// State, parent and so on, from behind the name in `/proc/PID/stat`.
  private func status(_ pid: Int32) -> [Substring]? {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let nameEnd = text.range(of: ") ", options: .backwards)
    else {
      return nil
    }
    return text[nameEnd.upperBound...].split(separator: " ")
  }
}
