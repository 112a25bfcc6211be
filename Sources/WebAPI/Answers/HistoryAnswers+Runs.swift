// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

extension HistoryAnswers {
  /// Runs, newest first; oldest first where `after` is given, by change number where `changed_after` is given.
  package func runs(_ parameters: RequestParameters) async throws(Problem) -> Reply {
    var query = try await runQuery(parameters, known: ListPage.parameters + ["changed_after"])
    (query.before, query.after) = try parameters.cursor()
    query.changedAfter = try parameters.number("changed_after")
    if let limit = try parameters.limit() { query.limit = limit }
    let asked = query
    let runs = try await asking { () async throws(JournalError) in try await journal.runs(asked) }
    let json = JSONTree.object([("runs", .list(runs.map { .object($0.members) }))])
    guard query.changedAfter == nil else {
      let next = runs.count == query.limit ? runs.last.map(\.change) : nil
      return Reply(
        json,
        next: next.map { "/api/v1/runs?\(parameters.replacing("changed_after", String($0)).encoded)" })
    }
    let total = try await asking { () async throws(JournalError) in try await journal.count(asked) }
    let page = ListPage(
      path: "/api/v1/runs", parameters: parameters,
      ends: runs.first.flatMap { first in runs.last.map { (first.number, $0.number) } },
      isFull: runs.count == query.limit)
    return Reply(json, page: page, total: total)
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
