// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import ProgramFixture
import Testing

/// What a TCP port of the real daemon does with those who may not, or who mean harm.
///
/// No broker is needed for it.
@Suite struct OutsideTests {
  private static let tokens = """
    read looker look-look-look-0123
    operate boss boss-boss-boss-0123
    """

  private func start(_ scene: Scene, port: Int) async throws -> DaemonProcess {
    try scene.write(
      "onevent.conf",
      """
      [api]
      listen = 127.0.0.1:\(port)
      token_file = tokens

      [record]
      events = a.b
      script = ./record.sh
      """)
    let file = try scene.write("tokens", Self.tokens)
    chmod(file, 0o600)
    let daemon = try scene.run(environment: ["ONEVENT_LOG__LEVEL": "info"])
    try await daemon.waitFor("onevent started")
    try await waitUntil("the port is open") { (try? RawClient(port: port)) != nil }
    return daemon
  }

  /// The whole answer to a request, whose lines are given without their ends.
  private func ask(_ port: Int, _ lines: String..., body: String = "") async throws -> String {
    try await outsideOfThePool {
      let client = try RawClient(port: port)
      client.send((lines + ["Connection: close", "", body]).joined(separator: "\r\n").utf8)
      return client.rest()
    }
  }

  private func peakMemory(_ daemon: DaemonProcess) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(daemon.pid)/status", encoding: .utf8)
    return try #require(status.firstMatch(of: #/VmHWM:\s+([0-9]+) kB/#).flatMap { Int($0.1) })
  }

  @Test("attempts from outside are refused or bounded, cost little memory, and are told once a minute and kind")
  func attempts() async throws {
    try await Scene.with { scene in
      let port = try RawClient.freePort()
      let daemon = try await start(scene, port: port)
      let boss = "Authorization: Bearer boss-boss-boss-0123"
      #expect(try await ask(port, "GET /api/v1/status HTTP/1.1", "Host: localhost", boss).hasPrefix("HTTP/1.1 200 "))
      let before = try peakMemory(daemon)
      for _ in 0..<20 {
        for (lines, status) in [
          (["GET /api/v1/status HTTP/1.1", "Host: localhost"], "401"),
          (["GET /api/v1/status HTTP/1.1", "Host: localhost", "Authorization: Bearer guess-guess-guess"], "401"),
          (["GET /healthz HTTP/1.1", "Host: evil.example", boss], "421"),
          (["POST /api/v1/reload HTTP/1.1", "Host: localhost", "Origin: http://evil.example", boss], "403"),
          (["POST /api/v1/reload HTTP/1.1", "Host: localhost", "Authorization: Bearer look-look-look-0123"], "403"),
        ] {
          let answer = try await outsideOfThePool {
            let client = try RawClient(port: port)
            client.send((lines + ["Connection: close", "", ""]).joined(separator: "\r\n").utf8)
            return client.rest()
          }
          #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(lines)")
        }
      }
      let taken = try await outsideOfThePool {
        let client = try RawClient(port: port)
        client.send(
          "POST /api/v1/replay HTTP/1.1\r\nHost: localhost\r\n\(boss)\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        let block = Array("10000\r\n".utf8) + [UInt8](repeating: 120, count: 65536) + Array("\r\n".utf8)
        return client.flood(block, upTo: 1 << 30)
      }
      #expect(taken < 64 << 20)
      let many = (0..<10_000).map { "X-\($0): y" }.joined(separator: "\r\n")
      #expect(try await ask(port, "GET /healthz HTTP/1.1", "Host: localhost", many).hasPrefix("HTTP/1.1 431 "))
      try await slowClients(port)
      #expect(try await ask(port, "GET /healthz HTTP/1.1", "Host: localhost").hasPrefix("HTTP/1.1 200 "))
      #expect(try peakMemory(daemon) - before < 64 << 10)
      for kind in ["unknown", "token", "role", "host", "origin", "size", "slow"] {
        let count = daemon.lines.filter { $0["kind"] == kind }.count
        #expect((1...2).contains(count), "\(kind) is told \(count) times")
      }
      // The main job and the socket were never concerned.
      #expect(try await scene.command("status", "-c", "onevent.conf").status == 0)
      #expect(try await daemon.stop() == 0)
    }
  }

  /// Clients that send their headers byte by byte: none of them lasts longer than ten seconds, all at once.
  private func slowClients(_ port: Int) async throws {
    let started = ContinuousClock.now
    try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<40 {
        group.addTask {
          try await outsideOfThePool {
            let client = try RawClient(port: port)
            client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ".utf8)
            let dripping = Thread { while client.send([120]) { usleep(200_000) } }
            dripping.start()
            return client.rest()
          }
        }
      }
      for try await answer in group { #expect(answer.isEmpty) }
    }
    #expect(ContinuousClock.now - started < .seconds(30))
  }

  @Test(
    "a reload lets new tokens in and old ones out, sessions too; a broken file changes nothing; a new port takes a restart"
  )
  func reload() async throws {
    try await Scene.with { scene in
      let port = try RawClient.freePort()
      let daemon = try await start(scene, port: port)
      let boss = "Authorization: Bearer boss-boss-boss-0123"
      try scene.write("tokens", "operate boss short\n")
      chmod(scene.directory.appendingPathComponent("tokens").path, 0o600)
      let refused = try await scene.command("reload", "-c", "onevent.conf")
      #expect(refused.status == 78)
      #expect(refused.errors.contains("is too short") && !refused.errors.contains("short\n"))
      #expect(try await ask(port, "GET /metrics HTTP/1.1", "Host: localhost", boss).hasPrefix("HTTP/1.1 200 "))
      try scene.write("tokens", "read newcomer newcomer-0123456789\n")
      chmod(scene.directory.appendingPathComponent("tokens").path, 0o600)
      #expect(try await scene.command("reload", "-c", "onevent.conf").status == 0)
      #expect(try await ask(port, "GET /metrics HTTP/1.1", "Host: localhost", boss).hasPrefix("HTTP/1.1 401 "))
      let newcomer = "Authorization: Bearer newcomer-0123456789"
      let metrics = try await ask(port, "GET /metrics HTTP/1.1", "Host: localhost", newcomer)
      #expect(metrics.contains("onevent_api_refused_total{kind=\"token\"} 1"))
      let text = scene.text(of: "onevent.conf").replacingOccurrences(of: ":\(port)", with: ":1")
      try scene.write("onevent.conf", text)
      let moved = try await scene.command("reload", "-c", "onevent.conf")
      #expect(moved.status == 78 && moved.errors.contains("[api] listen has changed, which takes a restart"))
      #expect(!daemon.logText.contains("boss-boss") && !daemon.logText.contains("newcomer-0123"))
      #expect(try await daemon.stop() == 0)
    }
  }

  @Test("onevent page prints a link that opens the daemon for a browser, once, and ends with Ctrl-C")
  func page() async throws {
    try await Scene.with { scene in
      let port = try RawClient.freePort()
      let daemon = try await start(scene, port: port)
      let program = try scene.start(["page", "-c", "onevent.conf"], output: "link")
      try await waitUntil("the link is printed") { scene.text(of: "link").hasSuffix("\n") }
      let link = try #require(
        scene.text(of: "link").firstMatch(of: #/http://127\.0\.0\.1:([0-9]+)(/\?key=[0-9a-f]+)\n/#))
      let own = try #require(Int(link.1))
      let opened = try await ask(own, "GET \(link.2) HTTP/1.1", "Host: 127.0.0.1:\(own)")
      let cookie = try #require(opened.firstMatch(of: #/Set-Cookie: ([^;]+);/#)).1
      let status = try await ask(own, "GET /api/v1/status HTTP/1.1", "Host: 127.0.0.1:\(own)", "Cookie: \(cookie)")
      #expect(status.contains("\"pid\":\(daemon.pid),"))
      #expect(try await ask(own, "GET \(link.2) HTTP/1.1", "Host: 127.0.0.1:\(own)").hasPrefix("HTTP/1.1 403 "))
      program.signal(SIGINT)
      try await waitUntil("the command ends") { !program.isRunning }
      #expect(program.status == 0)
      #expect(try await daemon.stop() == 0)
    }
    try await Scene.with { scene in
      try scene.write("onevent.conf", "[DEFAULT]\nqueues = q\n")
      #expect(try await scene.command("page", "-c", "onevent.conf").status == 69)
    }
  }
}
