// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Logging
import ProgramFixture
import Testing

@testable import Journal
@testable import WebAPI

/// A server on a socket of a test's own, and the client of the commands.
final class ServerScene: Sendable {
  let directory: URL
  let journal = RecordedJournal()
  let control = RecordedControl()
  let followed: FollowedJournal
  let feeds: LiveFeeds
  let lines = RecordedLog()
  let doors: Doors

  var socket: String { directory.appendingPathComponent("s").path }

  static func with<Value: Sendable>(_ body: (ServerScene) async throws -> Value) async throws -> Value {
    let scene = try ServerScene()
    defer { try? FileManager.default.removeItem(at: scene.directory) }
    let server = scene.server()
    try await outsideOfThePool { try server.start() }
    let result: Result<Value, any Error>
    do { result = .success(try await body(scene)) } catch { result = .failure(error) }
    try await outsideOfThePool { server.stop() }
    return try result.get()
  }

  init() throws {
    let followed = FollowedJournal()
    self.followed = followed
    feeds = LiveFeeds(followed, bell: followed.bell, groups: { EventGroups() })
    // Short, since a socket's path is.
    directory = URL(fileURLWithPath: "/tmp/onevent-api-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    doors = Doors(tokens: AccessToken.samples, hosts: ["hub.example.org"], refusals: Refusals(logger: lines.logger))
  }

  func server(socket: String? = nil, ports: [PortAddress] = []) -> WebServer {
    WebServer(
      journal: journal, control: control, feeds: feeds, socket: socket ?? self.socket, group: nil, ports: ports,
      doors: doors, logger: lines.logger)
  }

  /// The answer as text.
  func send(
    _ method: APIClient.Method, _ path: String, _ items: [(String, String)] = [], body: String? = nil
  ) async throws -> String {
    let socket = socket
    let parameters = RequestParameters(items.map { RequestParameters.Item($0.0, $0.1) })
    return try await outsideOfThePool {
      try APIClient(socket: socket, timeout: .seconds(60)).send(
        method, path, parameters, body: body.map { Array($0.utf8) }
      ).json
    }
  }

  func get(_ path: String, _ items: (String, String)...) async throws -> [String: Any] {
    try object(try await send(.get, path, items))
  }

  func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// The problem that an answer is; fails where there is none.
  func problem(
    _ method: APIClient.Method, _ path: String, _ items: [(String, String)] = [], body: String? = nil
  ) async throws -> Problem {
    do {
      let answer = try await send(method, path, items, body: body)
      Issue.record("\(method) \(path) was answered with \(answer)")
      return Problem(.internal, "none")
    } catch APIFailure.problem(let problem) {
      return problem
    }
  }

  func curl(_ arguments: String...) async throws -> ProgramResult {
    let socket = socket
    return try await outsideOfThePool {
      try runProgram("curl", ["--silent", "--show-error", "--include", "--unix-socket", socket] + arguments)
    }
  }
}
