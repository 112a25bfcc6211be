// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import ProgramFixture
import Testing

/// The main job with the local source alone: no broker, as `scripts/demo --embedded` has it.
@Suite struct LocalEventsTests {
  private let config = """
    [record]
    events = door.*
    script = ./record.sh
    script_params = value, @subject?, @object.node?
    filter_params = {"value": {"gt": 1}}

    [urgent]
    tags = urgent
    script = ./record.sh
    script_params = "urgent {@type}"
    """

  private static func with(_ config: String, _ body: (Scene, DaemonProcess) async throws -> Void) async throws {
    try await Scene.with { scene in
      try scene.write("onevent.conf", config)
      let daemon = try scene.run()
      try await daemon.waitFor("onevent started")
      try await waitUntil("the daemon listens") { try await Self.ask(scene, "status").status == 0 }
      try await body(scene, daemon)
    }
  }

  /// Runs a command that asks the daemon of the scene's configuration.
  private static func ask(_ scene: Scene, _ words: String..., input: String = "") async throws -> CommandResult {
    try await scene.run(command: words + ["-c", "onevent.conf"], input: input)
  }

  /// Posts a body and returns what curl prints, the head included.
  private static func post(
    _ scene: Scene, _ body: [UInt8], _ headers: [String] = ["Content-Type: application/json"]
  ) async throws -> String {
    let socket = scene.directory.appendingPathComponent("api").path
    let fields = headers.flatMap { ["-H", $0] }
    return try await outsideOfThePool {
      try runProgram(
        "curl",
        ["--silent", "--show-error", "--include", "--unix-socket", socket, "-XPOST", "--data-binary", "@-"] + fields
          + ["http://x/api/v1/events"], input: Data(body)
      ).outputText
    }
  }

  @Test("send hands an event over, its scripts run, and it is found again: no broker is needed")
  func mainJob() async throws {
    try await Self.with(config) { scene, daemon in
      let sent = try await Self.ask(
        scene, "send", "door.opened", "--value", "1.50", "--subject", "d-1", "--object", "node=n-1", "--tag", "urgent",
        "--json")
      #expect(sent.status == 0, "\(sent.errors)")
      #expect(sent.output.hasPrefix(#"{"event":1,"#) && sent.output.contains(#""result":"matched""#))
      try await waitUntil("both scripts have run") { scene.endedRuns.count == 2 }
      let starts = scene.startedRuns.map { $0.split(separator: " ").map(String.init) }
      let recorded = try #require(starts.first { $0[2] == "1.50" })
      #expect(scene.arguments(of: recorded[1]).map { String(decoding: $0, as: UTF8.self) } == ["1.50", "d-1", "n-1"])
      let event = try scene.standardInput(of: recorded[1])
      #expect(event["tags"] as? [String] == ["urgent"])
      #expect((event["objects"] as? [String: String]) == ["node": "n-1"])
      #expect(starts.contains { $0[2...] == ["urgent", "door.opened"] })

      let unmatched = try await Self.ask(scene, "send", "door.opened", "--payload", "-", input: #"{"value": 1}"#)
      #expect(unmatched.output == "event 2 stored; no action takes it (see 'onevent explain 2')\n")
      let explained = try await Self.ask(scene, "explain", "2")
      #expect(explained.status == 1)
      #expect(explained.output.contains("value") && explained.output.contains("tags: urgent"))
      #expect(explained.output.contains("the event has no tags"))
      let shown = try await Self.ask(scene, "show", "e1").output
      #expect(shown.contains("node:n-1") && shown.contains("\"value\": 1.50"))
      #expect(try await daemon.stop() == 0)
    }
  }

  @Test("an event with an id is taken once, and send says so")
  func duplicates() async throws {
    try await Self.with(config) { scene, _ in
      let words = ["door.opened", "--id", "7", "--value", "2", "--time", "2026-11-21T08:00:00Z", "-c", "onevent.conf"]
      #expect(try await scene.run(command: ["send"] + words).output == "event 1 stored\n")
      let again = try await scene.run(command: ["send"] + words)
      #expect(again.status == 0)
      #expect(again.output == "event 1 was there before, with the same id and content: nothing happens again\n")
      try await waitUntil("the script has run") { scene.endedRuns.count == 1 }
      let metrics = try await Self.ask(scene, "metrics").output
      #expect(metrics.contains(#"onevent_events_total{result="duplicate",source="local"} 1"#))
      #expect(metrics.contains(#"onevent_events_total{result="matched",source="local"} 1"#))
      #expect(!metrics.contains(#"onevent_source_connected{source="local"}"#))
    }
  }

  @Test("what was answered is there after kill -9, and its runs go on")
  func crash() async throws {
    try await Self.with(config) { scene, daemon in
      try scene.write("hold", "")
      var bodies = (0..<20).map { "{\"type\":\"door.opened\",\"value\":\($0 + 2),\"id\":\"one-\($0)\"}" }
      let list = (0..<50).map { "{\"type\":\"other\",\"id\":\"list-\($0)\"}" }.joined(separator: ",")
      bodies.append("[\(list)]")
      for body in bodies {
        let answer = try await Self.post(scene, Array(body.utf8))
        #expect(answer.hasPrefix("HTTP/1.1 201 "), "\(answer)")
      }
      daemon.kill()
      try scene.remove("hold")
      let next = try scene.run()
      try await waitUntil("all of the runs have ended") { Set(scene.endedRuns).count == 20 }
      let rows = try await Self.ask(scene, "events", "--limit", "1000", "--json").output.split(separator: "\n")
      let ids = try rows.map { row in
        try #require(try JSONSerialization.jsonObject(with: Data(row.utf8)) as? [String: Any])["id"] as? String
      }
      #expect(Set(ids.compactMap(\.self)) == Set((0..<20).map { "one-\($0)" } + (0..<50).map { "list-\($0)" }))
      #expect(ids.count == 70)
      #expect(try await next.stop() == 0)
    }
  }

  @Test("whatever is posted, the daemon answers with a problem and goes on")
  func hostile() async throws {
    try await Self.with(config) { scene, daemon in
      let deep = Array(String(repeating: "[", count: 100_000).utf8)
      let bodies: [([UInt8], [String], String)] = [
        ([0xFF, 0xFE, 0x00], [], "400"), (deep, [], "400"), (Array("{\"type\":\"a\u{0}b\"}".utf8), [], "400"),
        (Array(#"{"type":"\#(String(repeating: "x", count: 100_000))"}"#.utf8), [], "400"),
        (Array(#"{"value":\#(String(repeating: "9", count: 100_000))}"#.utf8), [], "201"),
        (Array(#"{"type":"a","type":"b","payload":{"k":1,"k":2}}"#.utf8), [], "201"),
        (Array(#"{"type":"onevent.started"}"#.utf8), [], "400"),
        (Array("a: &x [*x]".utf8), ["Content-Type: text/yaml"], "400"),
        (Array("x".utf8), ["Content-Type: image/png"], "415"), ([], [], "400"),
        (
          Array("{".utf8), ["ce-specversion: 1.0", "ce-id: 1", "ce-source: s", "ce-type: t", "Content-Type: a/b+json"],
          "400"
        ),
        (Array(#"{"payload":"\#(String(repeating: "x", count: 1 << 20))"}"#.utf8), [], "413"),
        ([UInt8](repeating: 0x20, count: 8 << 20 + 1), [], "413"),
      ]
      for (body, headers, status) in bodies {
        let answer = try await Self.post(scene, body, headers.isEmpty ? ["Content-Type: application/json"] : headers)
        #expect(answer.contains("HTTP/1.1 \(status) "), "\(body.prefix(40)): \(answer.prefix(300))")
      }
      #expect(daemon.isRunning)
      #expect(try await Self.ask(scene, "send", "door.opened").status == 0)
    }
  }

  @Test("send says what is wrong with its words, and where no daemon is")
  func refusals() async throws {
    try await Scene.with { scene in
      try scene.write("onevent.conf", config)
      let absent = try await Self.ask(scene, "send", "a.b")
      #expect(absent.status == 69)
      #expect(absent.errors.contains("no daemon can be reached at") && absent.errors.contains("onevent run"))
      for words in [
        ["a", "--payload", "{}", "--payload-file", "x"], ["a", "--raw"], ["a", "--routing-key", "k"],
        ["a", "--amqp", "--tag", "t"], ["a", "--object", "node"], [],
      ] {
        #expect(try await scene.run(command: ["send"] + words).status == 64, "\(words)")
      }
      for words in [["a", "--value", "text"], ["a", "--payload", "{"], ["a", "--payload", "@body"]] {
        try scene.write("body", "nothing")
        let result = try await scene.run(command: ["send"] + words)
        #expect(result.status == 65, "\(words)")
        #expect(result.errors.contains("not JSON"))
      }
    }
  }

  @Test("ignored types are not stored, a source that is switched off takes nothing, and a reload changes both")
  func switches() async throws {
    try await Self.with("[source:hooks]\ntype = local\nignore_events = ping\n" + config) { scene, _ in
      #expect(
        try await Self.ask(scene, "send", "ping").output
          == "ping is ignored by the daemon (ignore_events): it is not stored\n")
      #expect(try await Self.ask(scene, "send", "pong").output.hasPrefix("event 1 stored"))
      #expect(try await Self.ask(scene, "status").output.contains("hooks\tlocal"))
      try scene.write("onevent.conf", "[source:hooks]\ntype = local\n" + config)
      #expect(try await Self.ask(scene, "reload").status == 0)
      #expect(try await Self.ask(scene, "send", "ping").output.hasPrefix("event 2 stored"))
      try scene.write("onevent.conf", "[source:hooks]\ntype = local\nenabled = no\n[DEFAULT]\nqueues = q\n" + config)
      #expect(try await Self.ask(scene, "reload").status == 0)
      let off = try await Self.ask(scene, "send", "pong")
      #expect(off.status == 1 && off.errors.contains("switched off"))
    }
  }
}
