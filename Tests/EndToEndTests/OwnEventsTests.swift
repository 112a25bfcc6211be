// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import ProgramFixture
import Testing

/// What the daemon tells of itself, what answers to it, and what a person says of actions: the built daemon on a real
/// broker.
@Suite struct OwnEventsTests {
  private static let configuration = """
    [fails]
    events = esi_leap.lease.fulfill.end
    script = ./fail.sh
    script_params = purpose

    [alert]
    events = onevent.run.failed
    script = ./record.sh
    script_params = action, event, outcome, stderr, @subject, @object.node
    order_by = none
    """

  /// A daemon that makes all of its own events, on a queue of its own.
  private func with(
    _ actions: String, _ body: (Scene, BrokerSession, String, DaemonProcess) async throws -> Void
  ) async throws {
    try await Scene.with { scene in
      let broker = try Broker.shared()
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.script("fail.sh", "#!/bin/sh\necho \"no lease $1\" >&2\nexit 3\n")
      try scene.write(
        "onevent.conf",
        "[DEFAULT]\nhost = 127.0.0.1\nport = \(broker.port)\nqueues = \(queue)\n\(actions)\n")
      let daemon = try start(scene)
      try await daemon.waitFor("queue is consumed")
      try await body(scene, session, queue, daemon)
      try session.deleteQueue(queue)
    }
  }

  private func start(_ scene: Scene) throws -> DaemonProcess {
    try scene.run("onevent.conf", environment: ["ONEVENT_JOURNAL__OWN_EVENTS": "all"])
  }

  private func rows(_ scene: Scene, _ arguments: String...) async throws -> [[String: Any]] {
    let result = try await scene.run(command: arguments + ["--json", "-c", "onevent.conf"])
    #expect(result.status == 0, "\(arguments): \(result.errors)")
    return try result.output.split(separator: "\n").compactMap { line in
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    }
  }

  private func types(_ scene: Scene) async throws -> [String] {
    try await rows(scene, "events", "--type", "onevent.#").reversed().compactMap { $0["type"] as? String }
  }

  @Test("An action on onevent.run.failed is told of a failed run: which, of what event, how it ended, what it printed")
  func alerting() async throws {
    try await with(Self.configuration) { scene, session, queue, daemon in
      try session.publish([try leaseBody(purpose: "test")], routingKey: queue)
      try await waitUntil("the alert ran") { scene.endedRuns.count == 1 }
      let run = try #require(scene.startedRuns.first?.split(separator: " ").dropFirst().first.map(String.init))
      let arguments = scene.arguments(of: run).map { String(decoding: $0, as: UTF8.self) }
      let event = try await rows(scene, "events", "--type", "onevent.run.failed")
      let number = try #require(event.first?["event"] as? Int)
      #expect(arguments[0] == "fails")
      #expect(arguments[2...3] == ["exited 3", "no lease test\n"])
      #expect(!arguments[4].isEmpty)
      #expect(arguments[4] == arguments[5])
      let input = try scene.standardInput(of: run)
      #expect(input["type"] as? String == "onevent.run.failed")
      #expect(input["source"] as? String == "onevent")
      #expect((input["objects"] as? [String: String])?["node"] == arguments[5])
      #expect(event.first?["source"] as? String == "onevent")
      // The event that failed has its number in it, and the run stands as the cause.
      #expect(Int(arguments[1]).map { $0 < number } == true)
      #expect(try await types(scene).prefix(2) == ["onevent.started", "onevent.source.connected"])
      let explained = try await scene.command("explain", String(number), "-c", "onevent.conf")
      #expect(explained.status == 0, "\(explained.errors)")
      #expect(explained.output.contains("group    onevent-trouble"))
      #expect(explained.output.contains("action alert"))
      let matches = try await curl(scene, "GET", "/api/v1/events/\(number)/matches")
      let actions = (matches["explanation"] as? [String: Any])?["actions"] as? [[String: Any]]
      #expect(actions?.map { $0["answer"] as? String } == ["other_event", "matched"])
      let words = (actions?.last?["invocation"] as? [String: Any])?["arguments"] as? [String]
      #expect(words?.dropFirst().first == "fails")
      #expect(daemon.isRunning)
    }
  }

  @Test("Killed between a failure and the start of what answers to it, the daemon tells of it once and runs that")
  func crash() async throws {
    try await with(Self.configuration) { scene, session, queue, daemon in
      #expect(try await daemon.stop() == 0)
      let doomed = try scene.run(
        environment: ["ONEVENT_JOURNAL__OWN_EVENTS": "all", "ONEVENT_FAIL_POINT": "before-start:2"])
      try await doomed.waitFor("queue is consumed")
      try session.publish([try leaseBody(purpose: "test")], routingKey: queue)
      _ = try await doomed.end()
      #expect(scene.startedRuns.isEmpty)
      _ = try start(scene)
      try await waitUntil("the alert ran") { scene.endedRuns.count == 1 }
      try await waitUntil("its end is recorded") {
        try await self.rows(scene, "runs").allSatisfy { $0["ended"] is String }
      }
      #expect(try await rows(scene, "runs").map { $0["state"] as? String } == ["succeeded", "failed"])
      #expect(try await types(scene).filter { $0 == "onevent.run.failed" }.count == 1)
      let started = try await rows(scene, "events", "--type", "onevent.started")
      let last = try #require(started.first?["event"] as? Int)
      #expect(try await scene.command("show", "e\(last)", "-c", "onevent.conf").output.contains("\"interrupted\": 1"))
      #expect(scene.startedRuns.count == 1)
    }
  }

  @Test("Start, stop, reload and a refused reload are told, and an action that answers to the stop runs")
  func life() async throws {
    let answering = """
      [last]
      events = onevent.stopping
      script = ./record.sh
      [other]
      events = esi_leap.#
      script = ./record.sh
      """
    try await with(answering) { scene, _, _, daemon in
      let good = try String(contentsOf: scene.directory.appendingPathComponent("onevent.conf"), encoding: .utf8)
      try scene.write("onevent.conf", good.replacingOccurrences(of: "[other]", with: "[another]"))
      #expect(try await scene.command("reload", "-c", "onevent.conf").status == 0)
      try scene.write("onevent.conf", good + "\nnonsense = yes\n")
      #expect(
        try await scene.command("reload", "--socket", scene.directory.appendingPathComponent("api").path).status == 78)
      try scene.write("onevent.conf", good)
      #expect(try await daemon.stop() == 0)
      #expect(scene.endedRuns.count == 1)
      #expect(
        try await types(scene) == [
          "onevent.started", "onevent.source.connected", "onevent.reloaded", "onevent.action.added",
          "onevent.action.removed", "onevent.reload_failed", "onevent.stopping",
        ])
    }
  }

  @Test("An action that fails on its own failures is run once for each, and told once that it is not run again")
  func noCircle() async throws {
    let circle = """
      [fails]
      events = esi_leap.lease.fulfill.end, onevent.run.failed
      script = ./fail.sh
      script_params = purpose:-none
      order_by = none
      """
    try await with(circle) { scene, session, queue, daemon in
      try session.publish([try leaseBody(purpose: "a"), try leaseBody(purpose: "b")], routingKey: queue)
      try await daemon.waitFor("own event is not given to an action, which would answer to itself; this is said once")
      try await waitUntil("both have failed") {
        try await self.rows(scene, "runs", "--failed").count == 2
      }
      try await waitUntil("both failures are told") {
        try await self.rows(scene, "events", "--type", "onevent.run.failed").count == 2
      }
      let told = try await rows(scene, "events", "--type", "onevent.run.failed")
      #expect(
        told.map { $0["reason"] as? String }
          == Array(repeating: "not given to fails: a run of its own led to it", count: 2))
      #expect(
        daemon.lines("own event is not given to an action, which would answer to itself; this is said once").count == 1)
      #expect(try await rows(scene, "runs").count == 2)
    }
  }

  @Test("A lost and a found broker are told once each")
  func broker() async throws {
    try await Scene.with { scene in
      try scene.write(
        "onevent.conf",
        "[DEFAULT]\nhost = 127.0.0.1\nport = 1\nqueues = q\n[a]\nevents = onevent.source.*\nscript = ./record.sh\n"
          + "[b]\nevents = x\nscript = ./record.sh\n")
      let daemon = try start(scene)
      try await daemon.waitFor("source lost", count: 3)
      #expect(try await types(scene) == ["onevent.started", "onevent.source.lost"])
      try await waitUntil("the action ran") { scene.endedRuns.count == 1 }
      #expect(try await daemon.stop() == 0)
    }
  }

  @Test("What a person says of an action over HTTP survives a restart and a reload, and the list of actions shows it")
  func standing() async throws {
    let action = """
      [record]
      events = esi_leap.lease.fulfill.end
      script = ./record.sh
      script_params = purpose
      [never]
      events = nothing.like.it
      script = ./record.sh
      [off]
      events = esi_leap.#
      enabled = no
      script = ./record.sh
      """
    try await with(action) { scene, session, queue, first in
      var daemon = first
      try session.publish([try leaseBody(purpose: "one")], routingKey: queue)
      try await waitUntil("it ran") { scene.endedRuns.count == 1 }
      let put = try await curl(scene, "PUT", "/api/v1/actions/record/status", #"{"status": "suspended"}"#)
      #expect(put["status"] as? String == "suspended")
      #expect(put["configured"] as? String == "enabled")
      #expect(
        try await curl(scene, "PUT", "/api/v1/actions/off/status", #"{"status": "enabled"}"#)["status"] as? Int == 409)
      #expect(try await daemon.stop() == 0)
      daemon = try start(scene)
      try await daemon.waitFor("queue is consumed")
      #expect(try await scene.command("reload", "-c", "onevent.conf").status == 0)
      try session.publish([try leaseBody(purpose: "two")], routingKey: queue)
      try await waitUntil("it waits") {
        try await self.rows(scene, "actions", "record").first?["pending"] as? Int == 1
      }
      let shown = try #require(try await rows(scene, "actions", "record").first)
      #expect(shown["status"] as? String == "suspended")
      #expect((shown["journal"] as? [String: Int])?["succeeded"] == 1)
      #expect((shown["last_run"] as? [String: Any])?["state"] as? String == "pending")
      #expect((shown["written"] as? [String: String])?["events"] == "esi_leap.lease.fulfill.end")
      let status = try await scene.command("status", "-c", "onevent.conf")
      #expect(status.output.contains("took no event since the start: never;"), "\(status.output)")
      #expect(try await scene.command("observe", "record", "-c", "onevent.conf").status == 0)
      try session.publish([try leaseBody(purpose: "three")], routingKey: queue)
      try await waitUntil("it is observed") {
        try await self.rows(scene, "runs").first?["state"] as? String == "observed"
      }
      let resumed = try await scene.command("resume", "record", "-c", "onevent.conf")
      #expect(resumed.output == "action record is no longer suspended\n")
      try await waitUntil("what waited ran") { scene.endedRuns.count == 2 }
      #expect(scene.endedRuns[1].hasSuffix(" two"))
      let list = try await scene.command("actions", "-c", "onevent.conf")
      #expect(list.output.contains("record\tenabled\t2\t"), "\(list.output)")
      #expect(try await scene.command("actions", "nobody", "-c", "onevent.conf").status == 1)
      #expect(
        try await types(scene).filter { $0.hasPrefix("onevent.action") } == [
          "onevent.action.suspended", "onevent.action.observing", "onevent.action.resumed",
        ])
    }
  }

  /// What the daemon answers to a request with a body.
  private func curl(
    _ scene: Scene, _ method: String, _ path: String, _ body: String? = nil
  ) async throws -> [String: Any] {
    let socket = scene.directory.appendingPathComponent("api").path
    let result = try await outsideOfThePool {
      try runProgram(
        "curl",
        ["-sS", "--unix-socket", socket, "-X", method, "http://onevent\(path)"] + (body.map { ["-d", $0] } ?? []))
    }
    return try JSONSerialization.jsonObject(with: result.output) as? [String: Any] ?? [:]
  }
}
