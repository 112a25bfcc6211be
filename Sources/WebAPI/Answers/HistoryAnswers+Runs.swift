// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

extension HistoryAnswers {
  static let runParameters = [
    "event", "action", "state", "failed", "subject", "type", "since", "until", "before", "changed_after", "limit",
  ]

  /// Runs, newest first; by change number where `changed_after` is given.
  package func runs(_ parameters: RequestParameters) async throws(Problem) -> Reply {
    let query = try Self.runQuery(parameters)
    let runs = try await asking { () async throws(JournalError) in try await journal.runs(query) }
    var next: String?
    if let last = runs.last, runs.count == query.limit {
      let (name, value) = query.changedAfter == nil ? ("before", last.number) : ("changed_after", last.change)
      next = "/api/v1/runs?\(parameters.replacing(name, String(value)).encoded)"
    }
    return Reply(.object([("runs", .list(runs.map { .object($0.members) }))]), next: next)
  }

  static func runQuery(_ parameters: RequestParameters) throws(Problem) -> RunQuery {
    try parameters.check(known: runParameters)
    var query = RunQuery()
    query.event = try parameters.number("event")
    query.action = try parameters.text("action")
    for text in parameters.all("state") {
      let state: RunState = try RequestParameters.choice("state", text)
      query.states.append(state)
    }
    if try parameters.flag("failed"), !query.states.contains(.failed) { query.states.append(.failed) }
    query.subject = try parameters.text("subject")
    query.type = try parameters.text("type")
    query.since = try parameters.instant("since")
    query.until = try parameters.instant("until")
    query.before = try parameters.number("before")
    query.changedAfter = try parameters.number("changed_after")
    if let limit = try parameters.number("limit", in: limits) { query.limit = Int(limit) }
    return query
  }

  /// A run with all its attempts.
  package func run(_ text: String) async throws(Problem) -> Reply {
    let run = try await run(named: text)
    let attempts = try await asking { () async throws(JournalError) in try await journal.attempts(ofRun: run.number) }
    return Reply(.object(run.members + [("attempts_made", .list(attempts.map(\.json)))]))
  }

  /// The highest numbers there are: where whoever follows begins.
  package func latest() async throws(Problem) -> Reply {
    let latest = try await asking { () async throws(JournalError) in try await journal.latest() }
    return Reply(.object([("event", .integer(latest.event)), ("change", .integer(latest.change))]))
  }
}
