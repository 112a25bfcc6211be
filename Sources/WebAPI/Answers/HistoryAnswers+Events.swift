// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

extension HistoryAnswers {
  /// Events, newest first; oldest first where `after` is given; with `aggregate`, figures of them instead.
  ///
  /// With `runs=true` each row has its runs.
  package func events(_ parameters: RequestParameters) async throws(Problem) -> Reply {
    if let aggregate: Aggregate = try parameters.choice("aggregate") { return try await figures(aggregate, parameters) }
    var query = try await eventQuery(parameters, known: ListPage.parameters + ["runs", "aggregate"])
    (query.before, query.after) = try parameters.cursor()
    if let limit = try parameters.limit() { query.limit = limit }
    let withRuns = try parameters.flag("runs")
    let asked = query
    let events = try await asking { () async throws(JournalError) in try await journal.events(asked) }
    let total = try await asking { () async throws(JournalError) in try await journal.count(asked) }
    let runs = withRuns ? try await runs(ofEvents: events.map(\.number)) : [:]
    let (document, groups) = (JSONDocument(), groups())
    let rows = events.map { event in
      var members = event.members(document, groups)
      if withRuns { members.append(("runs", .list((runs[event.number] ?? []).map { .object($0.members) }))) }
      return JSONTree.object(members)
    }
    let page = ListPage(
      path: "/api/v1/events", parameters: parameters,
      ends: events.first.flatMap { first in events.last.map { (first.number, $0.number) } },
      isFull: events.count == query.limit)
    return Reply(.object([("events", .list(rows))]), page: page, total: total)
  }

  /// How many runs an answer has at most: those of 1 000 events of 20 actions.
  private static let mostRuns = 20_000

  /// The newest first.
  private func runs(ofEvents events: [Int64]) async throws(Problem) -> [Int64: [StoredRun]] {
    let runs = try await asking { () async throws(JournalError) in
      try await journal.runs(ofEvents: events, limit: Self.mostRuns + 1)
    }
    guard runs.count <= Self.mostRuns else {
      throw Problem(
        .invalid, "these events have more than \(Self.mostRuns) runs; ask for fewer events at a time", field: "limit")
    }
    return Dictionary(grouping: runs.reversed(), by: \.event)
  }

  /// An event with its runs, its envelope, its body as received, and what the body says when it is decoded.
  package func event(_ text: String) async throws(Problem) -> Reply {
    let number = try Self.eventNumber(text)
    guard let event = try await asking({ () async throws(JournalError) in try await journal.event(number) }) else {
      throw Problem(.notFound, "there is no event \(number): it never was, or is older than what the journal keeps")
    }
    let content = try await asking { () async throws(JournalError) in try await journal.content(ofEvent: number) }
    let document = JSONDocument()
    var members = event.members(document, groups())
    let runs = try await runs(ofEvents: [number])[number] ?? []
    members.append(("runs", .list(runs.map { .object($0.members) })))
    if let content {
      members += contentMembers(
        source: event.source, envelope: content.envelope, body: content.body, received: event.received, document)
    }
    return Reply(.object(members))
  }

  func contentMembers(
    source: String, envelope: [UInt8], body: [UInt8], received: Int64, _ document: JSONDocument
  ) -> [(key: String, value: JSONTree)] {
    let decoded = withDecoded(source: source, envelope: envelope, body: body, received: received) { event in
      JSONTree.written(event.normalizedJSON())
    }
    return [("envelope", .stored(envelope, document)), ("body", .bytes(body)), ("decoded", decoded ?? .null)]
  }
}
