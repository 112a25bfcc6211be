// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

/// The command `scripts/broker`, on which all other tests with a broker rest.
@Suite struct PrivateBrokerTests {
  @Test("A stopped broker leaves no process, and stopping it again is no error")
  func stopLeavesNothing() async throws {
    let directory = temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let url = try BrokerScript.run("start", directory)
    let facts = try BrokerScript.facts(in: directory)
    let broker = try #require(facts["PID"].flatMap(Int32.init))
    let epmd = try #require(facts["EPMD_PID"].flatMap(Int32.init))
    let port = try #require(facts["PORT"])
    #expect(url == "amqp://guest:guest@127.0.0.1:\(port)/\n")
    // The detector: it sees both while they run, and what they started.
    let family = descendants(of: broker)
    #expect(isAlive(broker) && isAlive(epmd) && !family.isEmpty && family.allSatisfy(isAlive))
    #expect(throws: BrokerScriptError.self) { try BrokerScript.run("start", directory) }
    #expect(isAlive(broker))

    try BrokerScript.run("stop", directory)
    #expect(!isAlive(broker) && !isAlive(epmd))
    try await waitUntil("the broker's children are gone") { !family.contains(where: isAlive) }
    try BrokerScript.run("stop", directory)
    #expect(throws: BrokerScriptError.self) { try BrokerScript.run("ctl", directory, ["list_queues"]) }
    try BrokerScript.run("stop", temporaryDirectory())
  }

  @Test("A killed broker comes back with its port, its configuration and its durable messages")
  func restartKeepsTheData() async throws {
    try await Broker.withPrivate(config: ["default_user_tags.management = true"]) { broker in
      let before = try broker.session()
      try before.declareQueue("durable", durable: true)
      try before.declareQueue("transient")
      try before.publish((0..<100).map { [UInt8($0)] }, routingKey: "durable")
      try await broker.kill()
      #expect(throws: (any Error).self) { try broker.session() }

      try await broker.restart()
      let after = try broker.session()
      #expect(try after.queueDepth("durable")?.ready == 100)
      #expect(try after.queueDepth("transient") == nil)
      #expect(try await broker.ctl("list_users").contains("management"))
      #expect(try after.drain("durable").map(\.body) == (0..<100).map { [UInt8($0)] })
    }
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

  @Test("A usage error is told", arguments: [["start"], ["sing", "x"], ["start", "a b"], ["start", "x", "--config"]])
  func tellsUsage(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: BrokerScript.path)
    process.arguments = arguments
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let words = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 1)
    #expect(words.hasPrefix("scripts/broker: "))
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
    else { return nil }
    return text[nameEnd.upperBound...].split(separator: " ")
  }
}
