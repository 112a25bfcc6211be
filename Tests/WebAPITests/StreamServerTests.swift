// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Glibc
import Journal
import ProgramFixture
import Synchronization
import Testing

@testable import WebAPI

/// Streams as they come over the socket.
@Suite struct StreamServerTests {
  /// What a client of the commands was told, for as long as it follows.
  private final class Follower: Sendable {
    let rows: AsyncStream<String>
    let task: Task<(id: String?, failure: APIFailure?), Never>

    init(_ scene: ServerScene, _ path: String, after start: String? = nil, _ items: (String, String)...) {
      let (rows, source) = AsyncStream.makeStream(of: String.self)
      self.rows = rows
      let parameters = RequestParameters(items.map { .init($0.0, $0.1) })
      let socket = scene.socket
      task = Task {
        defer { source.finish() }
        var id = start
        do throws(APIFailure) {
          try await APIClient(socket: socket).follow(path, parameters, after: &id) { news in
            switch news {
            case .progress(let id): source.yield("at \(id)")
            case .row(let row): source.yield(row.shown("event") + row.shown("run"))
            case .reset(let reset): source.yield("reset \(reset.shown("newest"))")
            case .behind: source.yield("behind")
            }
          }
          return (id, nil)
        } catch {
          return (id, error)
        }
      }
    }

    func next(_ count: Int) async -> [String] {
      var taken: [String] = []
      for await row in rows {
        taken.append(row)
        if taken.count == count { break }
      }
      return taken
    }
  }

  @Test("a client follows over the socket, is told of the daemon's end at once, and knows where to go on")
  func following() async throws {
    let scene = try ServerScene()
    defer { try? FileManager.default.removeItem(at: scene.directory) }
    let server = scene.server()
    try await outsideOfThePool { try server.start() }
    scene.followed.add(4)
    let events = Follower(scene, "/api/v1/events/stream")
    #expect(await events.next(1) == ["at 4"])
    let filtered = Follower(scene, "/api/v1/events/stream", after: "1", ("result", "undecodable"))
    #expect(await filtered.next(2) == ["at 1", "2-"])
    let runs = Follower(scene, "/api/v1/runs/stream", ("state", "running"), ("state", "failed"))
    #expect(await runs.next(1) == ["at 0"])
    scene.followed.add(2)
    #expect(await events.next(2) == ["5-", "6-"])
    scene.followed.change(run: 7, to: .running)
    #expect(await runs.next(1) == ["17"])
    let began = ContinuousClock.now
    try await outsideOfThePool { server.stop() }
    let ends = (await events.task.value, await runs.task.value)
    // A connection that is not told is given up after 30 s.
    #expect(ContinuousClock.now - began < .seconds(15))
    #expect(ends.0.id == "6" && ends.0.failure == nil)
    #expect(ends.1.id == "1" && ends.1.failure == nil)
  }

  @Test("a stream says what it is, and what it cannot do is a problem like any other")
  func heads() async throws {
    try await ServerScene.with { scene in
      let client = try await SilentClient(scene, "/api/v1/events/stream?last=5")
      let text = client.text.lowercased()
      #expect(text.contains("content-type: text/event-stream"))
      #expect(text.contains("cache-control: no-store"))
      #expect(text.contains("retry: 1000\nid: 0\n\n"))
      let head = try await scene.curl("--head", "http://h/api/v1/runs/stream")
      #expect(head.outputText.contains("200 OK"))
      for (path, words) in [
        ("/api/v1/events/stream", "last is '0'"), ("/api/v1/runs/stream", "last is '0'"),
      ] {
        let failure = await Follower(scene, path, ("last", "0")).task.value.failure
        #expect(failure?.description.contains(words) == true)
      }
      let strange = await Follower(scene, "/api/v1/events/stream", after: "x").task.value.failure
      #expect(strange?.description.contains("Last-Event-ID is 'x'") == true)
    }
  }

  @Test("streams take no place of requests, and give theirs back when their clients are gone")
  func places() async throws {
    try await ServerScene.with { scene in
      let streams = WebServer.Limit.connections + 20
      var clients: [SilentClient] = []
      for _ in 0..<streams { clients.append(try await SilentClient(scene)) }
      #expect(scene.feeds.seats.takenCount == streams)
      #expect(try await scene.get("/healthz")["status"] as? String == "alive")
      let events = Follower(scene, "/api/v1/events/stream")
      #expect(await events.next(1) == ["at 0"])
      clients = []
      // Who is gone is noticed when something is written for him.
      for _ in 0..<500 where scene.feeds.seats.takenCount > 1 {
        scene.followed.add()
        _ = await events.next(1)
      }
      #expect(scene.feeds.seats.takenCount == 1)
    }
  }

  @Test("a client that never reads is not waited for when the server stops, and costs nobody else anything")
  func stuck() async throws {
    let scene = try ServerScene()
    defer { try? FileManager.default.removeItem(at: scene.directory) }
    let server = scene.server()
    try await outsideOfThePool { try server.start() }
    let silent = try await SilentClient(scene)
    defer { withExtendedLifetime(silent) {} }
    let events = Follower(scene, "/api/v1/events/stream")
    #expect(await events.next(1) == ["at 0"])
    // Far more than sockets and buffers hold.
    for portion in 0..<20 {
      scene.followed.add(250)
      #expect(await events.next(250).last == "\((portion + 1) * 250)-")
    }
    let began = ContinuousClock.now
    try await outsideOfThePool { server.stop() }
    #expect(ContinuousClock.now - began < .seconds(5))
    #expect(await events.task.value.failure == nil)
  }
}

/// A connection on which a stream has begun, and nothing more is read.
private final class SilentClient: Sendable {
  private let descriptor: Int32
  /// What came up to the place where the stream begins.
  let text: String

  init(_ scene: ServerScene, _ path: String = "/api/v1/events/stream") async throws {
    let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    self.descriptor = descriptor
    let socket = scene.socket
    text = try await outsideOfThePool {
      #expect(SocketFile.connect(descriptor, to: socket) == 0)
      let request = Array("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
      #expect(write(descriptor, request, request.count) == request.count)
      var limit = timeval(tv_sec: 30, tv_usec: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
      var bytes: [UInt8] = []
      var portion = [UInt8](repeating: 0, count: 4_096)
      while !String(decoding: bytes, as: UTF8.self).contains("retry: 1000\nid: 0\n\n") {
        let count = read(descriptor, &portion, portion.count)
        guard count > 0 else { throw APIFailure.unanswered("the stream did not begin") }
        bytes += portion.prefix(count)
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  deinit { close(descriptor) }
}

extension JSONValue {
  fileprivate func shown(_ key: String) -> String { member(named: key)?.text ?? "-" }
}
