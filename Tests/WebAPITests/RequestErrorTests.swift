// SPDX-License-Identifier: Apache-2.0

import Foundation
import ProgramFixture
import Synchronization
import Testing

@testable import Journal
@testable import WebAPI

@Suite struct RequestErrorTests {
  @Test(
    "a parameter that says something impossible is refused by its name and value",
    arguments: [
      ("/api/v1/events", "limit", "0"), ("/api/v1/events", "limit", "1001"), ("/api/v1/events", "limit", "many"),
      ("/api/v1/events", "since", "soon"), ("/api/v1/events", "state", "done"), ("/api/v1/events", "result", "good"),
      ("/api/v1/events", "before", "-1"), ("/api/v1/events", "object", "node:"), ("/api/v1/events", "runs", "yes"),
      ("/api/v1/events", "type", ""), ("/api/v1/events", "typ", "a"), ("/api/v1/runs", "state", "done"),
      ("/api/v1/runs", "event", "e1"), ("/api/v1/runs/1/output", "after", "x"), ("/api/v1/types", "limit", "1"),
    ])
  func parameters(path: String, name: String, value: String) async throws {
    try await ServerScene.with { scene in
      let problem = try await scene.problem(.get, path, [(name, value)])
      #expect(problem.kind == .invalid)
      #expect(problem.field == name)
      #expect(problem.value == value)
      #expect(scene.journal.asked.withLock { $0.isEmpty })
    }
  }

  @Test("a parameter that is given twice is refused")
  func twice() async throws {
    try await ServerScene.with { scene in
      let problem = try await scene.problem(.get, "/api/v1/events", [("type", "a"), ("type", "b")])
      #expect(problem.detail == "type is given 2 times; give it once")
    }
  }

  @Test("what does not exist is said to be missing, in a sentence")
  func missing() async throws {
    try await ServerScene.with { scene in
      for path in ["/api/v1/events/99", "/api/v1/runs/99", "/api/v1/runs/ffff", "/api/v1/runs/99/output"] {
        #expect(try await scene.problem(.get, path).kind == .notFound)
      }
      let problem = try await scene.problem(.get, "/api/v2/nonsense")
      #expect(problem.kind == .notFound)
      #expect(problem.detail.hasPrefix("there is no GET /api/v2/nonsense here"))
    }
  }

  @Test("a journal that cannot be read is the daemon's trouble, not the asker's")
  func journal() async throws {
    try await ServerScene.with { scene in
      scene.journal.failure.withLock { $0 = .tooSlow(limit: .seconds(5)) }
      for path in ["/api/v1/events", "/api/v1/events/1", "/api/v1/runs", "/api/v1/runs/1", "/api/v1/types"] {
        let problem = try await scene.problem(.get, path)
        #expect(problem.kind == .journalUnavailable)
        #expect(problem.detail.contains("5.0 seconds"))
      }
    }
  }

  @Test("answers are problem+json with status, lists link to what follows, HEAD has no body")
  func headers() async throws {
    try await ServerScene.with { scene in
      let problem = try await scene.curl("http://x/api/v1/events?limit=0").outputText
      #expect(problem.hasPrefix("HTTP/1.1 400 "))
      #expect(problem.lowercased().contains("content-type: application/problem+json"))
      #expect(problem.contains(#""status":400,"#))
      let list = try await scene.curl("http://x/api/v1/events?limit=2&type=a%23").outputText
      #expect(list.hasPrefix("HTTP/1.1 200 "))
      #expect(list.contains("</api/v1/events?limit=2&type=a%23&before=2>; rel=\"next\""))
      let last = try await scene.curl("http://x/api/v1/events?limit=2&before=2").outputText
      #expect(!last.contains("rel=\"next\""))
      let head = try await scene.curl("--head", "http://x/healthz").outputText
      #expect(head.hasPrefix("HTTP/1.1 200 ") && !head.contains("alive"))
    }
  }

  @Test("a body of more than 1 MiB is refused, one below is read")
  func largeBody() async throws {
    try await ServerScene.with { scene in
      let numbers = { (count: Int) in #"{"events":[\#(Array(repeating: "1", count: count).joined(separator: ","))]}"# }
      _ = try await scene.send(.post, "/api/v1/replay", body: numbers(500_000))
      let problem = try await scene.problem(.post, "/api/v1/replay", body: numbers(600_000))
      #expect(problem.kind == .tooLarge)
      #expect(scene.control.told.withLock { $0.count } == 1)
    }
  }

  @Test("headers beyond the limit are refused and the daemon goes on")
  func largeHeaders() async throws {
    try await ServerScene.with { scene in
      let large = try await scene.curl("--header", "X: \(String(repeating: "x", count: 20_000))", "http://x/healthz")
      #expect(!large.outputText.contains("alive"))
      #expect(try await scene.get("/healthz")["status"] as? String == "alive")
    }
  }
}
