// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import Journal
import Settings
import WebAPI

/// What was recorded: asked of the daemon, and of a snapshot of its journal when no daemon runs.
final class History {
  private let daemon: DaemonConnection
  private let options: ConfigurationOptions
  /// Set once the daemon was found not to run.
  private var snapshot: HistoryAnswers?

  init(_ daemon: DaemonConnection, _ options: ConfigurationOptions) {
    self.daemon = daemon
    self.options = options
  }

  func events(_ parameters: RequestParameters) throws -> JSONValue {
    try answer("/api/v1/events", parameters) { answers throws(Problem) in try await answers.events(parameters) }
  }

  func event(_ number: Int64) throws -> JSONValue {
    try answer("/api/v1/events/\(number)") { answers throws(Problem) in try await answers.event(String(number)) }
  }

  func runs(_ parameters: RequestParameters) throws -> JSONValue {
    try answer("/api/v1/runs", parameters) { answers throws(Problem) in try await answers.runs(parameters) }
  }

  func run(_ name: String) throws -> JSONValue {
    try answer("/api/v1/runs/\(name)") { answers throws(Problem) in try await answers.run(name) }
  }

  /// An event that matched nothing; only a running daemon has them.
  func unmatched(_ number: Int64) throws -> JSONValue { try daemon.get("/api/v1/events/unmatched/\(number)") }

  private func answer(
    _ path: String, _ parameters: RequestParameters = RequestParameters(),
    offline: @escaping @Sendable (HistoryAnswers) async throws(Problem) -> Reply
  ) throws -> JSONValue {
    if snapshot == nil {
      do {
        return try daemon.client.send(.get, path, parameters)
      } catch {
        guard case .unreachable(let socket, let reason) = error else {
          complain(error.description)
          throw error.exitCode
        }
        snapshot = try openSnapshot(instead: "no daemon can be reached at \(socket) (\(reason))")
      }
    }
    guard let snapshot else { throw ExitCode.unavailable }
    let result = waiting { () async -> Result<[UInt8], Problem> in
      do throws(Problem) { return .success(try await offline(snapshot).body) } catch { return .failure(error) }
    }
    switch result {
    case .success(let bytes):
      let document = JSONDocument()
      try document.parse(bytes)
      return document.root
    case .failure(let problem):
      let failure = APIFailure.problem(problem)
      complain(failure.description)
      throw failure.exitCode
    case nil: throw ExitCode.internalError
    }
  }

  private func openSnapshot(instead why: String) throws -> HistoryAnswers {
    let path = try options.journal()
    do throws(JournalError) {
      let configuration = try? options.load()
      let mappings = configuration?.readings.map { ($0.name, $0.mapping) } ?? []
      let known = Dictionary(mappings) { first, _ in first }
      let groups = configuration?.groups ?? EventGroups(EventGroups.shipped)
      let mapping: @Sendable (String) -> EventMapping = { source in known[source] ?? EventMapping() }
      let journal = try JournalSnapshot(of: path) { EventBodies(mapping) }
      complain("\(why): this is what the journal \(path) holds")
      return HistoryAnswers(journal, groups: { groups }, mapping: mapping)
    } catch {
      complain("\(why), and its journal cannot be read: \(error)")
      throw ExitCode.unavailable
    }
  }
}
