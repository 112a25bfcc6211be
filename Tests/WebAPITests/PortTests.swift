// SPDX-License-Identifier: Apache-2.0

import Foundation
import ProgramFixture
import Synchronization
import Testing

@testable import WebAPI

/// A TCP port, asked by hand.
@Suite struct PortTests {
  private static let operate = "Authorization: Bearer \(AccessToken.text(.operate))"

  private func withPort(_ body: (ServerScene, Int) async throws -> Void) async throws {
    let scene = try ServerScene()
    defer { try? FileManager.default.removeItem(at: scene.directory) }
    let port = try RawClient.freePort()
    let server = scene.server(ports: [PortAddress(host: "127.0.0.1", port: port)])
    try await outsideOfThePool { try server.start() }
    let result: Result<Void, any Error>
    do { result = .success(try await body(scene, port)) } catch { result = .failure(error) }
    try await outsideOfThePool { server.stop() }
    try result.get()
  }

  private func ask(_ port: Int, _ lines: String..., body: String = "") async throws -> String {
    try await outsideOfThePool {
      let client = try RawClient(port: port)
      client.send((lines + ["Host: localhost", "Connection: close", "", body]).joined(separator: "\r\n").utf8)
      return client.rest()
    }
  }

  @Test("health is for everybody, everything else for those with a token, on the socket for all")
  func tokens() async throws {
    try await withPort { scene, port in
      #expect(try await ask(port, "GET /healthz HTTP/1.1").hasPrefix("HTTP/1.1 200 "))
      let unknown = try await ask(port, "GET /metrics HTTP/1.1")
      #expect(unknown.hasPrefix("HTTP/1.1 401 "))
      #expect(unknown.contains("WWW-Authenticate: Bearer realm=\"onevent\"\r\n"))
      #expect(try await ask(port, "GET /metrics HTTP/1.1", Self.operate).hasPrefix("HTTP/1.1 200 "))
      #expect(try await scene.get("/api/v1/session")["proof"] as? String == "socket")
    }
  }

  @Test("every answer says that a browser may do nothing with it, and that nobody keeps it")
  func headers() async throws {
    try await withPort { _, port in
      for path in ["/healthz", "/metrics", "/nothing", "/login"] {
        let answer = try await ask(port, "GET \(path) HTTP/1.1")
        for header in [
          "Content-Security-Policy: default-src 'none'", "X-Content-Type-Options: nosniff", "X-Frame-Options: DENY",
          "Referrer-Policy: same-origin", "Cache-Control: no-store",
        ] {
          #expect(answer.contains("\r\n\(header)"), "\(path): \(header)")
        }
      }
    }
  }

  @Test("a method that a path does not know is answered with those that it knows")
  func methods() async throws {
    try await withPort { _, port in
      let answer = try await ask(port, "DELETE /api/v1/status HTTP/1.1", Self.operate)
      #expect(answer.hasPrefix("HTTP/1.1 405 "))
      #expect(answer.contains("Allow: GET, HEAD, PUT\r\n"))
    }
  }

  @Test("a browser logs in with a token, writes with our header only, and logs out")
  func login() async throws {
    try await withPort { scene, port in
      #expect(try await ask(port, "GET / HTTP/1.1", "Accept: text/html").contains("Location: /login\r\n"))
      let wrong = try await post(port, "/login", "token=nonsense-nonsense", "Origin: http://localhost")
      #expect(wrong.hasPrefix("HTTP/1.1 403 ") && wrong.contains("<form "))
      let foreign = try await post(
        port, "/login", "token=\(AccessToken.text(.operate))", "Origin: http://evil.example")
      #expect(foreign.hasPrefix("HTTP/1.1 403 ") && !foreign.contains("Set-Cookie"))
      let good = try await post(port, "/login", "token=\(AccessToken.text(.operate))", "Origin: https://localhost")
      #expect(good.hasPrefix("HTTP/1.1 303 "))
      let set = try #require(good.firstMatch(of: #/Set-Cookie: (onevent-[0-9]+=[0-9a-f]{64}); (.*)\r\n/#))
      #expect(set.2 == "Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure")
      let cookie = "Cookie: \(set.1)"
      #expect(
        try await ask(port, "GET /api/v1/session HTTP/1.1", cookie).contains(#""role":"operate","proof":"session""#))
      #expect(try await post(port, "/api/v1/reload", "", cookie).hasPrefix("HTTP/1.1 403 "))
      #expect(scene.control.told.withLock { $0 }.isEmpty)
      #expect(try await post(port, "/api/v1/reload", "", cookie, "X-Onevent: 1").hasPrefix("HTTP/1.1 200 "))
      #expect(scene.control.told.withLock { $0 } == ["reload"])
      #expect(try await post(port, "/logout", "", cookie).contains("Max-Age=0"))
      #expect(try await ask(port, "GET /api/v1/session HTTP/1.1", cookie).hasPrefix("HTTP/1.1 401 "))
    }
  }

  private func post(_ port: Int, _ path: String, _ body: String, _ lines: String...) async throws -> String {
    try await outsideOfThePool {
      let client = try RawClient(port: port)
      let head = [
        "POST \(path) HTTP/1.1", "Host: localhost", "Connection: close", "Content-Length: \(body.utf8.count)",
      ]
      client.send((head + lines + ["", body]).joined(separator: "\r\n").utf8)
      return client.rest()
    }
  }

  @Test("what is refused before it was sent is answered, and little of it is taken")
  func largeBodies() async throws {
    try await withPort { _, port in
      for (lines, block) in [
        (["Content-Length: 1073741824"], [UInt8](repeating: 120, count: 65536)),
        (
          ["Transfer-Encoding: chunked"],
          Array("10000\r\n".utf8) + [UInt8](repeating: 120, count: 65536) + Array("\r\n".utf8)
        ),
      ] {
        for (authorization, status) in [(Self.operate, "413"), ("X: y", "401")] {
          let (taken, answer) = try await outsideOfThePool {
            let client = try RawClient(port: port)
            let head = ["POST /api/v1/replay HTTP/1.1", "Host: localhost", authorization] + lines + ["", ""]
            client.send(head.joined(separator: "\r\n").utf8)
            return (client.flood(block, upTo: 1 << 30), client.rest())
          }
          #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer.prefix(200))")
          #expect(answer.contains("Connection: close\r\n"))
          #expect(taken < 64 << 20)
        }
      }
    }
  }

  @Test("too many headers, too large ones and what is no HTTP are answered as problems")
  func malformed() async throws {
    try await withPort { scene, port in
      let many = (0..<10_000).map { "X-\($0): y\r\n" }.joined()
      for (text, status) in [
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\(many)\r\n", "431"),
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n", "431"),
        ("\u{16}\u{3}\u{1} hello\r\n\r\n", "400"),
      ] {
        let answer = try await outsideOfThePool {
          let client = try RawClient(port: port)
          client.send(text.utf8)
          return client.rest()
        }
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer.prefix(200))")
        #expect(answer.contains("Content-Type: application/problem+json\r\n"))
      }
      #expect(scene.doors.refusals.totals == [.size: 2, .malformed: 1])
    }
  }

  @Test("a body that ends too early does nothing")
  func truncated() async throws {
    try await withPort { scene, port in
      try await outsideOfThePool {
        let client = try RawClient(port: port)
        client.send(
          "POST /api/v1/runs/1/retry HTTP/1.1\r\nHost: localhost\r\n\(Self.operate)\r\nContent-Length: 9\r\n\r\n{}".utf8
        )
        client.finish()
        _ = client.rest()
      }
      #expect(try await ask(port, "GET /healthz HTTP/1.1").hasPrefix("HTTP/1.1 200 "))
      #expect(scene.control.told.withLock { $0 }.isEmpty)
    }
  }

  @Test("a port that is taken is told, and the socket serves all the same")
  func taken() async throws {
    try await withPort { _, port in
      let second = try ServerScene()
      defer { try? FileManager.default.removeItem(at: second.directory) }
      let server = second.server(ports: [PortAddress(host: "127.0.0.1", port: port)])
      try await outsideOfThePool { try server.start() }
      #expect(second.lines.facts("address") == ["127.0.0.1:\(port)"])
      #expect(second.lines.facts("reason") == ["Address already in use"])
      #expect(try await second.get("/healthz")["status"] as? String == "alive")
      try await outsideOfThePool { server.stop() }
    }
  }

  @Test("the page's port opens by its link, once, and hands on what comes to the socket")
  func proxy() async throws {
    try await ServerScene.with { scene in
      let proxy = PageProxy(socket: scene.socket, port: 0, logger: scene.lines.logger)
      let link = try await outsideOfThePool { try proxy.start() }
      let parts = try #require(link.wholeMatch(of: #/http://127\.0\.0\.1:([0-9]+)(/\?key=[0-9a-f]{64})/#))
      let port = try #require(Int(parts.1))
      #expect(try await ask(port, "GET /api/v1/latest HTTP/1.1").hasPrefix("HTTP/1.1 401 "))
      let opened = try await ask(port, "GET \(parts.2) HTTP/1.1")
      #expect(opened.hasPrefix("HTTP/1.1 303 "))
      let cookie = "Cookie: " + (try #require(opened.firstMatch(of: #/onevent-[0-9]+=[0-9a-f]{64}/#))).0
      #expect(try await ask(port, "GET \(parts.2) HTTP/1.1").hasPrefix("HTTP/1.1 403 "))
      #expect(try await ask(port, "GET /api/v1/latest HTTP/1.1", cookie).hasSuffix(#"{"event":3,"change":9}"#))
      #expect(try await ask(port, "GET /api/v1/events?limit=0 HTTP/1.1", cookie).hasPrefix("HTTP/1.1 400 "))
      #expect(try await ask(port, "HEAD /healthz HTTP/1.1", cookie).hasSuffix("\r\n\r\n"))
      #expect(try await post(port, "/api/v1/runs/retry", #"{"runs":[1]}"#, cookie).hasPrefix("HTTP/1.1 403 "))
      let written = try await post(port, "/api/v1/runs/retry", #"{"runs":[1]}"#, cookie, "X-Onevent: 1")
      #expect(written.hasPrefix("HTTP/1.1 200 "))
      #expect(scene.control.told.withLock { $0 } == ["retry [1]"])
      try await outsideOfThePool { proxy.stop() }
    }
  }
}
