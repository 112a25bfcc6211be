// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import ProgramFixture
import Testing

@testable import WebAPI

@Suite struct WebServerTests {
  @Test("the socket is for owner and group, and gone when the server is")
  func life() async throws {
    let scene = try ServerScene()
    defer { try? FileManager.default.removeItem(at: scene.directory) }
    let server = scene.server()
    try await outsideOfThePool { try server.start() }
    let attributes = try FileManager.default.attributesOfItem(atPath: scene.socket)
    #expect(attributes[.posixPermissions] as? Int == 0o660)
    #expect(try await scene.get("/healthz")["status"] as? String == "alive")
    try await outsideOfThePool { server.stop() }
    #expect(!FileManager.default.fileExists(atPath: scene.socket))
    try await outsideOfThePool { server.stop() }
  }

  @Test("a second server is refused while the first lives, and takes the socket that a dead one left")
  func second() async throws {
    try await ServerScene.with { scene async throws in
      let other = scene.server()
      let failure = await #expect(throws: SocketFailure.self) {
        try await outsideOfThePool { try other.start() }
      }
      #expect(failure?.description.contains("another daemon listens there") == true)
      #expect(try await scene.get("/healthz")["status"] as? String == "alive")
    }
    let scene = try ServerScene()
    defer { try? FileManager.default.removeItem(at: scene.directory) }
    // Bound and closed without being removed: what a killed daemon leaves.
    let script = "import socket; socket.socket(socket.AF_UNIX).bind('\(scene.socket)')"
    #expect(try await outsideOfThePool { try runProgram("python3", ["-c", script]).status } == 0)
    #expect(FileManager.default.fileExists(atPath: scene.socket))
    let server = scene.server()
    try await outsideOfThePool { try server.start() }
    #expect(try await scene.get("/healthz")["status"] as? String == "alive")
    try await outsideOfThePool { server.stop() }
  }

  @Test("a path that cannot be a socket is refused with a sentence that says why")
  func impossible() async throws {
    let scene = try ServerScene()
    defer { try? FileManager.default.removeItem(at: scene.directory) }
    let file = scene.directory.appendingPathComponent("file").path
    try Data("precious".utf8).write(to: URL(fileURLWithPath: file))
    let long = scene.directory.path + "/" + String(repeating: "s", count: 107)
    for (path, words) in [
      (file, "is no socket"), (long, "may have 107"), (scene.directory.path + "/no/s", "cannot be opened"),
    ] {
      let server = scene.server(socket: path)
      let failure = await #expect(throws: SocketFailure.self) { try await outsideOfThePool { try server.start() } }
      #expect(failure?.description.contains(words) == true, "\(failure?.description ?? "-")")
    }
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
  }

  @Test("the client says that nobody listens, and what to do")
  func unreachable() async throws {
    let scene = try ServerScene()
    defer { try? FileManager.default.removeItem(at: scene.directory) }
    let absent = await #expect(throws: APIFailure.self) { try await scene.send(.get, "/healthz") }
    #expect(absent == .unreachable(socket: scene.socket, reason: "there is no such socket"))
    #expect(absent?.description.contains("onevent run") == true)
    let script = "import socket; socket.socket(socket.AF_UNIX).bind('\(scene.socket)')"
    _ = try await outsideOfThePool { try runProgram("python3", ["-c", script]) }
    let dead = await #expect(throws: APIFailure.self) { try await scene.send(.get, "/healthz") }
    #expect(dead == .unreachable(socket: scene.socket, reason: "nobody listens there any more"))
  }

  @Test("many clients at once are all answered")
  func many() async throws {
    try await ServerScene.with { scene in
      let answers = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<100 { group.addTask { try await scene.send(.get, "/api/v1/runs/1") } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(answers.count == 100)
      #expect(Set(answers).count == 1)
    }
  }

  @Test("a client that connects and says nothing does not keep the server from ending")
  func silentClient() async throws {
    let scene = try ServerScene()
    defer { try? FileManager.default.removeItem(at: scene.directory) }
    let server = scene.server()
    try await outsideOfThePool { try server.start() }
    let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    #expect(SocketFile.connect(descriptor, to: scene.socket) == 0)
    _ = try await scene.get("/healthz")
    try await outsideOfThePool { server.stop() }
    var byte: UInt8 = 0
    #expect(read(descriptor, &byte, 1) == 0)
  }
}
