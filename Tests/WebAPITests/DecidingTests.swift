// SPDX-License-Identifier: Apache-2.0

import Foundation
import ProgramFixture
import Synchronization
import Testing

@testable import Journal
@testable import WebAPI

@Suite struct DecidingTests {
  @Test("retry and discard take runs by number and id, each once, or all that failed")
  func decisions() async throws {
    try await ServerScene.with { scene in
      let answer = try await scene.send(.post, "/api/v1/runs/retry", body: #"{"runs":[1,"abcd1","2"]}"#)
      #expect(answer == #"{"changed":[{"run":1,"run_id":"abcd","from":"failed","to":"pending"}]}"#)
      _ = try await scene.send(.post, "/api/v1/runs/abcd2/retry")
      _ = try await scene.send(.post, "/api/v1/runs/retry", body: #"{"failed":true}"#)
      _ = try await scene.send(.post, "/api/v1/runs/discard", body: #"{"failed":true,"action":"a b"}"#)
      _ = try await scene.send(.post, "/api/v1/runs/2/discard")
      #expect(
        scene.control.told.withLock { $0 } == [
          "retry [1, 2]", "retry [2]", "retry failed of all", "discard failed a b", "discard [2]",
        ])
    }
  }

  @Test("a replay of one event is meant, of more it is dry, unless it is said")
  func replay() async throws {
    try await ServerScene.with { scene in
      for body in [
        #"{"events":[1]}"#, #"{"events":[1,2]}"#, #"{"events":[1,2],"dry_run":false}"#,
        #"{"since":"1970-01-01T00:00:01Z","until":"1970-01-01 00:00:02","type":"a.#","action":"b"}"#,
      ] {
        _ = try await scene.send(.post, "/api/v1/replay", body: body)
      }
      let answer = try await scene.send(.post, "/api/v1/events/3/replay", body: #"{"action":"b"}"#)
      #expect(
        answer == """
          {"dry_run":false,"events":2,"items":[{"event":1,"type":"lease.begin","action":"fulfill","run":3,\
          "run_id":"ef","state":"pending"}],"unmatched":[{"event":2,"reason":"no action takes it"}]}
          """)
      #expect(
        scene.control.told.withLock { $0 } == [
          "replay [1] - - meant", "replay [1, 2] - - dry", "replay [1, 2] - - meant",
          "replay since 1000000000 until 2000000000 a.# b dry", "replay [3] - b meant",
        ])
    }
  }

  @Test("actions are suspended and resumed by name, whatever it is made of, and all at once; the clock is confirmed")
  func status() async throws {
    try await ServerScene.with { scene in
      let path = "/api/v1/actions/\("a/b %41?é".percentEncoded)/status"
      let answer = try await scene.send(.put, path, body: #"{"status":"suspended"}"#)
      #expect(
        answer
          == #"{"action":"a/b %41?é","status":"suspended","configured":"enabled","since":"1970-01-01T00:00:00.000000Z"}"#
      )
      for body in [#"{"status":"observe"}"#, #"{"status":"default"}"#, #"{"status":null}"#] {
        _ = try await scene.send(.put, "/api/v1/actions/fulfill/status", body: body)
      }
      _ = try await scene.send(.put, "/api/v1/status", body: #"{"status":"enabled"}"#)
      _ = try await scene.send(.post, "/api/v1/clock/confirm")
      #expect(
        scene.control.told.withLock { $0 } == [
          "suspended a/b %41?é", "observe fulfill", "default fulfill", "default fulfill", "enabled everything",
          "confirm the clock",
        ])
    }
  }

  @Test(
    "a body that says nothing clear is refused by the name of what is wrong, and nothing is done",
    arguments: [
      ("/api/v1/runs/retry", "{}", "runs"), ("/api/v1/runs/retry", #"{"runs":[]}"#, "runs"),
      ("/api/v1/runs/retry", #"{"runs":[1],"failed":true}"#, "runs"), ("/api/v1/runs/retry", #"{"run":[1]}"#, "run"),
      ("/api/v1/runs/retry", #"{"runs":[1],"action":"a"}"#, "action"),
      ("/api/v1/runs/discard", #"{"runs":[1.5]}"#, "runs"), ("/api/v1/runs/discard", #"{"failed":"yes"}"#, "failed"),
      ("/api/v1/replay", "{}", "events"), ("/api/v1/replay", #"{"events":[1],"since":"2026-01-01"}"#, "events"),
      ("/api/v1/replay", #"{"events":[1],"until":"2026-01-01"}"#, "until"),
      ("/api/v1/replay", #"{"since":"yesterday"}"#, "since"), ("/api/v1/replay", #"{"events":["one"]}"#, "events"),
      ("/api/v1/runs/zz/retry", "", "run"), ("/api/v1/events/x/replay", "", "event"),
    ])
  func unclear(path: String, body: String, field: String) async throws {
    try await ServerScene.with { scene in
      let problem = try await scene.problem(.post, path, body: body)
      #expect(problem.kind == .invalid)
      #expect(problem.field == field)
      #expect(scene.control.told.withLock { $0.isEmpty })
    }
  }

  @Test("what the daemon refuses is said in its words, by what kind of refusal it is")
  func refusals() async throws {
    try await ServerScene.with { scene in
      let refusals: [(ControlError, Problem.Kind)] = [
        (.refused("run 1 is running"), .refused), (.notFound("there is no action x"), .notFound),
        (.unavailable("the disk is full"), .journalUnavailable),
      ]
      for (refusal, kind) in refusals {
        scene.control.refusal.withLock { $0 = refusal }
        let problem = try await scene.problem(.post, "/api/v1/runs/1/retry")
        #expect(problem.kind == kind)
        #expect("\(refusal)".contains(problem.detail))
      }
    }
  }
}
