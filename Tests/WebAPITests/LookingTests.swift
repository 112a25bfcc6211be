// SPDX-License-Identifier: Apache-2.0

import Foundation
import ProgramFixture
import Synchronization
import Testing

@testable import Journal
@testable import WebAPI

@Suite struct LookingTests {
  @Test("events are listed newest first, with filters as they were given and their runs when asked for")
  func events() async throws {
    try await ServerScene.with { scene in
      let answer = try await scene.get(
        "/api/v1/events", ("type", "lease.#"), ("object", "node:n/1 é"), ("limit", "2"), ("runs", "true"))
      let rows = try #require(answer["events"] as? [[String: Any]])
      #expect(rows.map { $0["event"] as? Int } == [3, 2])
      #expect(rows[0]["received"] as? String == "2026-11-18T14:06:40.000000Z")
      #expect((rows[0]["objects"] as? [String: String]) == ["node": "n-1"])
      #expect(rows[0]["reason"] is NSNull)
      #expect(rows[1]["reason"] as? String == "it is no \"JSON\"")
      #expect(scene.journal.asked.withLock { $0.first } == "events lease.# node n/1 é 2")
      #expect(scene.journal.asked.withLock { $0.contains("runs of 3+2") })
    }
  }

  @Test("an event comes with its runs, envelope, body and what the body says")
  func event() async throws {
    try await ServerScene.with { scene in
      let answer = try await scene.get("/api/v1/events/1")
      #expect(answer["body"] as? String == RecordedJournal.body)
      #expect((answer["envelope"] as? [String: String])?["routing_key"] == "k")
      let decoded = try #require(answer["decoded"] as? [String: Any])
      #expect(decoded["type"] as? String == "lease.begin")
      #expect((decoded["payload"] as? [String: String])?["purpose"] == "test")
      let runs = try #require(answer["runs"] as? [[String: Any]])
      let ids = ["abcd2", "abcd1"].map { $0 + String(repeating: "0", count: 27) }
      #expect(runs.map { $0["run_id"] as? String } == ids)
      #expect(runs.allSatisfy { $0["event"] as? Int == 1 })
    }
  }

  @Test("a body that is no text comes as base64, and nothing is said to be decoded")
  func undecodable() async throws {
    try await ServerScene.with { scene in
      let answer = try await scene.get("/api/v1/events/2")
      #expect((answer["body"] as? [String: String]) == ["base64": "/wAB"])
      #expect(answer["decoded"] is NSNull)
    }
  }

  @Test("unmatched events come from memory, and one of them with its content")
  func unmatched() async throws {
    try await ServerScene.with { scene in
      let list = try await scene.get("/api/v1/events/unmatched", ("type", "lease.*"))
      let rows = try #require(list["events"] as? [[String: Any]])
      #expect(rows.map { $0["unmatched"] as? Int } == [8])
      let one = try await scene.get("/api/v1/events/unmatched/9")
      #expect(one["type"] as? String == "a.b")
      #expect((one["decoded"] as? [String: Any])?["type"] as? String == "lease.begin")
      #expect(try await scene.problem(.get, "/api/v1/events/unmatched/7").kind == .notFound)
    }
  }

  @Test("what each action does with a stored event is said with its conditions and arguments, and no secret of its own")
  func matches() async throws {
    try await ServerScene.with { scene in
      let answer = try await scene.get("/api/v1/events/1/matches")
      let explanation = try #require(answer["explanation"] as? [String: Any])
      #expect(explanation["type"] as? String == "lease.begin")
      #expect(explanation["ignored"] as? Bool == false)
      let actions = try #require(explanation["actions"] as? [[String: Any]])
      #expect(actions.map { $0["action"] as? String } == ["fulfill"])
      #expect(actions[0]["answer"] as? String == "matched")
      let invocation = try #require(actions[0]["invocation"] as? [String: Any])
      #expect(invocation["arguments"] as? [String] == ["true"])
      #expect(Set(invocation.keys) == ["path", "arguments", "working_directory"])
      #expect(try await scene.problem(.get, "/api/v1/events/2/matches").kind == .refused)
      #expect(try await scene.problem(.get, "/api/v1/events/9/matches").kind == .notFound)
    }
  }

  @Test("actions are listed with what they are, what they took, and how their runs ended; one is found by its name")
  func actions() async throws {
    try await ServerScene.with { scene in
      let rows = try #require(try await scene.get("/api/v1/actions")["actions"] as? [[String: Any]])
      #expect(rows.map { $0["action"] as? String } == ["fulfill"])
      let one = try await scene.get("/api/v1/actions/fulfill")
      #expect(one["status"] as? String == "enabled")
      #expect((one["written"] as? [String: String]) == ["events": "lease.begin"])
      #expect(one["matched"] as? Int == 2)
      #expect(one["never_matched"] as? Bool == false)
      #expect((one["since_start"] as? [String: Int])?["failed"] == 1)
      #expect((one["journal"] as? [String: Int])?["succeeded"] == 7)
      #expect(one["last_run"] is NSNull)
      #expect(try await scene.problem(.get, "/api/v1/actions/nobody").kind == .notFound)
    }
  }

  @Test("groups are listed with their levels and what they hold")
  func groups() async throws {
    try await ServerScene.with { scene in
      let rows = try #require(try await scene.get("/api/v1/groups")["groups"] as? [[String: Any]])
      let power = try #require(rows.first { $0["group"] as? String == "power" })
      #expect(power["level"] as? String == "warning")
      #expect(power["shipped"] as? Bool == true)
      #expect((power["events"] as? [String])?.contains("baremetal.node.power_set.#") == true)
    }
  }

  @Test("runs are listed with their states as they were given; failed is a state")
  func runs() async throws {
    try await ServerScene.with { scene in
      let answer = try await scene.get(
        "/api/v1/runs", ("state", "held"), ("state", "waiting"), ("failed", "true"), ("action", "fulfill"))
      let rows = try #require(answer["runs"] as? [[String: Any]])
      #expect(rows.map { $0["run"] as? Int } == [2, 1])
      #expect(rows.map { $0["state"] as? String } == ["running", "failed"])
      #expect(scene.journal.asked.withLock { $0 } == ["runs 0 fulfill held+waiting+failed 0"])
    }
  }

  @Test("a run is found by number and by the beginning of its id, with every attempt whole")
  func run() async throws {
    try await ServerScene.with { scene in
      for name in ["1", "abcd1", "ABCD1000"] {
        let answer = try await scene.get("/api/v1/runs/\(name)")
        #expect(answer["run"] as? Int == 1)
        let attempts = try #require(answer["attempts_made"] as? [[String: Any]])
        #expect(attempts[0]["duration"] as? Double == 0.512)
        #expect(attempts[0]["stderr"] is NSNull)
        #expect((attempts[0]["stdout"] as? [String: Any])?["head"] as? String == "höh")
        let arguments = try #require(attempts[0]["arguments"] as? [Any])
        #expect(arguments[0] as? String == "/bin/false")
        #expect(arguments[1] as? [String: String] == ["base64": "wyg="])
      }
      #expect(try await scene.get("/api/v1/runs/93762909")["run"] as? Int == 3)
      #expect(try await scene.problem(.get, "/api/v1/runs/93762908").kind == .notFound)
      let ambiguous = try await scene.problem(.get, "/api/v1/runs/abcd")
      #expect(ambiguous.kind == .invalid)
      #expect(ambiguous.detail.contains("several ids"))
    }
  }

  @Test("a running script's output goes on behind an offset; a run that does not run says how it is")
  func output() async throws {
    try await ServerScene.with { scene in
      let live = try await scene.get("/api/v1/runs/2/output", ("after", "1"))
      #expect(live["offset"] as? Int == 2)
      #expect(live["next"] as? Int == 7)
      #expect(live["output"] as? String == "line\n")
      #expect(live["live"] as? Bool == true)
      let ended = try await scene.get("/api/v1/runs/1/output")
      #expect(ended["live"] as? Bool == false)
      #expect(ended["state"] as? String == "failed")
    }
  }

  @Test("types come with the actions that take them, and with fields and sample when asked for")
  func types() async throws {
    try await ServerScene.with { scene in
      let plain = try #require(try await scene.get("/api/v1/types")["types"] as? [[String: Any]])
      #expect(plain.map { $0["type"] as? String } == ["lease.begin", "other"])
      #expect(plain[0]["actions"] as? [String] == ["fulfill", "log \"all\""])
      #expect(plain[0]["sample"] == nil)
      #expect(scene.control.told.withLock { $0 } == ["flush types"])
      let whole = try #require(
        try await scene.get("/api/v1/types", ("fields", "true"), ("sample", "true"))["types"] as? [[String: Any]])
      let fields = try #require(whole[0]["fields"] as? [[String: String]])
      #expect(fields.contains(["path": "purpose", "type": "string"]))
      #expect(whole[0]["sample"] as? String == RecordedJournal.body)
      #expect(whole[1]["fields"] is NSNull)
      let chosen = try #require(try await scene.get("/api/v1/types", ("type", "oth*"))["types"] as? [[String: Any]])
      #expect(chosen.isEmpty)
    }
  }

  @Test("a stuck thread makes the daemon neither alive nor ready; stopping it is alive, but not ready")
  func health() async throws {
    try await ServerScene.with { scene in
      scene.control.state.withLock { $0.stuck = ["the journal's thread has not come round for 31.000s"] }
      for path in ["/healthz", "/readyz"] {
        let problem = try await scene.problem(.get, path)
        #expect(problem.kind == .notReady)
        #expect(problem.detail == "the journal's thread has not come round for 31.000s")
      }
      scene.control.state.withLock { status in
        status.stuck = []
        status.isStopping = true
      }
      #expect(try await scene.get("/healthz")["status"] as? String == "alive")
      #expect(try await scene.problem(.get, "/readyz").detail == "the daemon is stopping")
    }
  }

  @Test("metrics are text of the version that Prometheus is told, also to HEAD, and a command gets them as they are")
  func metrics() async throws {
    try await ServerScene.with { scene in
      let type = "content-type: text/plain; version=0.0.4; charset=utf-8\r\n"
      let whole = try await scene.curl("http://x/metrics").outputText
      #expect(whole.hasPrefix("HTTP/1.1 200 ") && whole.lowercased().contains(type))
      #expect(whole.hasSuffix("\r\n\r\n# TYPE onevent_up gauge\nonevent_up 1\n"))
      let head = try await scene.curl("--head", "http://x/metrics").outputText
      #expect(head.hasPrefix("HTTP/1.1 200 ") && head.lowercased().contains(type) && head.hasSuffix("\r\n\r\n"))
      let socket = scene.socket
      let text = try await outsideOfThePool { try APIClient(socket: socket).text("/metrics") }
      #expect(text == Array("# TYPE onevent_up gauge\nonevent_up 1\n".utf8))
      await #expect(throws: APIFailure.self) {
        try await outsideOfThePool { try APIClient(socket: socket).text("/none") }
      }
    }
  }

  @Test("the status says all, and the daemon is ready when the journal is well")
  func status() async throws {
    try await ServerScene.with { scene in
      #expect(try await scene.get("/healthz")["status"] as? String == "alive")
      #expect(try await scene.get("/readyz")["status"] as? String == "ready")
      scene.control.state.withLock { status in
        status.sources = [
          .init(
            name: "a", state: "lost", host: "h:5672", queues: ["q": "consumed"], reason: "refused", since: 1_000_000_000
          )
        ]
        status.actions = [.init(name: "fulfill", status: "observe", pending: 3, running: 1, waiting: 2)]
        status.journalTrouble = "the disk is full"
        status.counters = ["events": 4]
      }
      let status = try await scene.get("/api/v1/status")
      #expect((status["journal"] as? [String: Any])?["trouble"] as? String == "the disk is full")
      #expect((status["sources"] as? [[String: Any]])?.first?["since"] as? String == "1970-01-01T00:00:01.000000Z")
      #expect((status["actions"] as? [[String: Any]])?.first?["pending"] as? Int == 3)
      #expect((status["counters"] as? [String: Int]) == ["events": 4])
      let problem = try await scene.problem(.get, "/readyz")
      #expect(problem.kind == .notReady)
      #expect(problem.detail == "the journal does not record: the disk is full")
      // A broker that is gone is none of it: no restart of the daemon brings it back.
      scene.control.state.withLock { $0.journalTrouble = nil }
      #expect(try await scene.get("/readyz")["status"] as? String == "ready")
      let latest = try await scene.get("/api/v1/latest")
      #expect(latest["event"] as? Int == 3 && latest["change"] as? Int == 9)
    }
  }
}
