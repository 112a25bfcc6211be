// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Journal

/// How SQLite finds what is asked for: by the index that the schema has for it, and in the order that is wanted.
@Suite struct QueryPlanTests {
  let scratch: ScratchJournal

  init() throws { scratch = try ScratchJournal() }

  struct EventCase: Sendable {
    var name: String
    var change: @Sendable (inout EventQuery) -> Void
    /// Lines that the plan must have.
    var expected: [String]
  }

  static let eventCases: [EventCase] = [
    EventCase(name: "all", change: { _ in }, expected: ["SCAN e"]),
    EventCase(
      name: "a page", change: { $0.before = 50 }, expected: ["SEARCH e USING INTEGER PRIMARY KEY (rowid<?)"]),
    EventCase(
      name: "forward", change: { $0.after = 50 }, expected: ["SEARCH e USING INTEGER PRIMARY KEY (rowid>?)"]),
    EventCase(
      name: "a type", change: { $0.type = "lease.end" },
      expected: ["SEARCH e USING COVERING INDEX events_type (type=?)"]),
    EventCase(
      name: "types",
      change: {
        $0.type = "lease.*"
        $0.before = 50
      }, expected: ["MERGE (UNION ALL)", "SEARCH e USING COVERING INDEX events_type (type=? AND number<?)"]),
    EventCase(
      name: "an object", change: { $0.objects = [ObjectName(kind: "node", name: "node-1")] },
      expected: ["SEARCH o USING PRIMARY KEY (kind=? AND name=?)"]),
    EventCase(
      name: "an object of any kind",
      change: {
        $0.objects = [ObjectName(kind: nil, name: "node-0")]
        $0.before = 50
      }, expected: ["MERGE (UNION)", "SEARCH o USING PRIMARY KEY (kind=? AND name=? AND event<?)"]),
    EventCase(
      name: "undecodable", change: { $0.result = .undecodable },
      expected: ["SCAN e USING INDEX events_undecodable"]),
    EventCase(
      name: "failed runs", change: { $0.state = .failed },
      expected: ["SEARCH r USING INDEX runs_attention (state=?)", "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"]),
    EventCase(
      name: "an action's open runs",
      change: {
        $0.state = .pending
        $0.action = "even"
      }, expected: ["SEARCH r USING INDEX runs_open (action=?)"]),
    EventCase(
      name: "an action", change: { $0.action = "even" },
      expected: ["SEARCH r USING INDEX runs_ended (action=?)", "SEARCH r USING INDEX runs_open (action=?)"]),
    EventCase(
      name: "a state that most runs have", change: { $0.state = .succeeded },
      expected: ["SEARCH r USING INDEX runs_ended (action=? AND state=?)"]),
    EventCase(name: "a tag", change: { $0.tags = ["a"] }, expected: ["SEARCH g USING PRIMARY KEY (tag=?)"]),
    EventCase(
      name: "two tags", change: { $0.tags = ["a", "b"] },
      expected: ["SEARCH g USING PRIMARY KEY (tag=?)", "SEARCH g USING PRIMARY KEY (tag=? AND event=?)"]),
    EventCase(
      name: "a source",
      change: {
        $0.source = "main"
        $0.before = 50
      }, expected: ["SEARCH e USING COVERING INDEX events_source (source=? AND rowid<?)"]),
    EventCase(
      name: "a subject", change: { $0.subject = "subject-3" },
      expected: ["MERGE (UNION)", "SEARCH o USING PRIMARY KEY (kind=? AND name=?)"]),
    EventCase(
      name: "a value", change: { $0.value = ValueRange(equal: 3) },
      expected: ["SEARCH e USING COVERING INDEX events_value (value=?)"]),
    EventCase(
      name: "a range of values", change: { $0.value = ValueRange(least: 3) },
      expected: ["SEARCH e USING COVERING INDEX events_value (value>?)"]),
    EventCase(
      name: "a time", change: { $0.since = 90_000_000_000 },
      expected: ["SEARCH e USING INTEGER PRIMARY KEY (rowid>?)"]),
    EventCase(
      name: "an object and much else",
      change: {
        $0.objects = [ObjectName(kind: "host", name: "node-0")]
        $0.type = "lease.*"
        $0.source = "main"
        $0.action = "even"
      },
      expected: [
        "SEARCH o USING PRIMARY KEY (kind=? AND name=?)", "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH r USING COVERING INDEX runs_event (event=? AND action=?)",
      ]),
  ]

  struct RunCase: Sendable {
    var name: String
    var change: @Sendable (inout RunQuery) -> Void
    var expected: [String]
  }

  static let runCases: [RunCase] = [
    RunCase(name: "all", change: { _ in }, expected: ["SCAN r"]),
    RunCase(name: "a page", change: { $0.before = 50 }, expected: ["SEARCH r USING INTEGER PRIMARY KEY (rowid<?)"]),
    RunCase(
      name: "of an event", change: { $0.event = 5 },
      expected: ["SEARCH r USING COVERING INDEX runs_event (event=?)"]),
    RunCase(
      name: "failed",
      change: {
        $0.states = [.failed]
        $0.before = 50
      }, expected: ["SEARCH r USING COVERING INDEX runs_attention (state=? AND number<?)"]),
    RunCase(
      name: "failed and held", change: { $0.states = [.failed, .held] },
      expected: ["MERGE (UNION ALL)", "SEARCH r USING COVERING INDEX runs_attention (state=?)"]),
    RunCase(
      name: "an action's open runs",
      change: {
        $0.states = [.pending]
        $0.action = "odd"
      }, expected: ["SEARCH r USING INDEX runs_open (action=?)"]),
    RunCase(name: "waiting", change: { $0.states = [.waiting] }, expected: ["SCAN r USING INDEX runs_open"]),
    RunCase(
      name: "changes", change: { $0.changedAfter = 1_050 },
      expected: ["SEARCH r USING COVERING INDEX runs_change (change>?)", "SEARCH r USING INDEX runs_change (change=?)"]),
    RunCase(
      name: "of a type", change: { $0.type = "lease.*" },
      expected: [
        "SEARCH e USING COVERING INDEX events_type (type=?)", "SEARCH r USING COVERING INDEX runs_event (event=?)",
      ]),
    RunCase(
      name: "of a subject", change: { $0.subject = "subject-3" },
      expected: [
        "SEARCH o USING PRIMARY KEY (kind=? AND name=?)", "SEARCH r USING COVERING INDEX runs_event (event=?)",
      ]),
    RunCase(
      name: "of an action and a state",
      change: {
        $0.action = "odd"
        $0.states = [.succeeded]
        $0.before = 50
      }, expected: ["SEARCH r USING COVERING INDEX runs_ended (action=? AND state=? AND number<?)"]),
  ]

  @Test("events are found by an index where the schema has one", arguments: eventCases)
  func events(question: EventCase) throws {
    let journal = try scratch.open()
    try FilledJournal.fill(journal.connection)
    var query = EventQuery()
    question.change(&query)
    let walk = try #require(try EventWalk(query, PlainBodies(), journal.connection))
    let selection = try walk.selection(EventListing.reading(query), journal.connection)
    try expect(try plan(selection, journal.connection), holds: question.expected)
  }

  @Test("runs are found by an index where the schema has one", arguments: runCases)
  func runs(question: RunCase) throws {
    let journal = try scratch.open()
    try FilledJournal.fill(journal.connection)
    var query = RunQuery()
    question.change(&query)
    let selection = try #require(try RunListing.selection(query, journal.connection))
    try expect(try plan(selection, journal.connection), holds: question.expected)
  }

  @Test("a run is found by the beginning of its id through an index")
  func ids() throws {
    let journal = try scratch.open()
    let plan = try plan(Selection(sql: RunListing.idSelection, values: [.blob([1]), .blob([2])]), journal.connection)
    try expect(plan, holds: ["SEARCH r USING INDEX runs_id (id>? AND id<?)"])
  }

  @Test("a reading of a whole table is seen in a plan")
  func detector() throws {
    let journal = try scratch.open()
    let plan = try plan(Selection(sql: "SELECT * FROM contents WHERE body = x''", values: []), journal.connection)
    #expect(scans(plan) == ["SCAN contents"])
  }

  private func plan(_ selection: Selection, _ connection: borrowing Connection) throws -> [String] {
    try connection.prepare("EXPLAIN QUERY PLAN " + selection.sql).all(selection.values) { row in row.text(3) }
  }

  /// Readings of whole tables and indexes, but of the answer's few rows.
  private func scans(_ plan: [String]) -> [String] {
    plan.filter { $0.hasPrefix("SCAN") && $0 != "SCAN k" && $0 != "SCAN (subquery-1)" }
  }

  private func expect(_ plan: [String], holds expected: [String]) throws {
    for line in expected { #expect(plan.contains(line), "\(plan.joined(separator: "\n"))") }
    let unexpected = scans(plan).filter { !expected.contains($0) }
    #expect(unexpected.isEmpty, "\(plan.joined(separator: "\n"))")
    // Before the rows of the answer are read, nothing is sorted but what has no order in any index.
    let picking = plan.prefix { $0 != "SCAN k" }
    let sorts = picking.contains { $0.hasPrefix("USE TEMP B-TREE FOR ORDER BY") }
    let hasNoOrder = picking.contains { $0.contains(" r USING INDEX runs_open") || $0.hasPrefix("LIST SUBQUERY") }
    #expect(!sorts || hasNoOrder, "\(plan.joined(separator: "\n"))")
  }
}

extension ValueRange {
  fileprivate init(equal: Double? = nil, least: Double? = nil) {
    self.init()
    self.equal = equal
    self.least = least
  }
}
