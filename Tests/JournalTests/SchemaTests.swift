// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Journal

/// What the second version of the schema makes of a journal of the first.
@Suite struct SchemaTests {
  @Test("a journal of the first version is asked as one of the second")
  func second() async throws {
    let scratch = try ScratchJournal()
    do {
      let old = try OpenJournal.open(path: scratch.path, sync: .full, migrations: Array(Schema.migrations.prefix(1)))
      try old.connection.execute(
        """
        INSERT INTO sources VALUES (1, 'main');
        INSERT INTO types (id, name) VALUES (1, 'a');
        INSERT INTO actions (id, name) VALUES (1, 'act');
        INSERT INTO events VALUES
          (1, 1, 1, NULL, NULL, 1000000000000, 'n-1', '{"node":"n-1"}', 'matched', NULL, 'journal', 4, NULL),
          (2, 1, 1, NULL, NULL, 1300000000000, 'other', '{"node":"n-1"}', 'matched', NULL, 'journal', 4, NULL),
          (3, 1, 1, NULL, NULL, 1100000000000, NULL, '{}', 'matched', NULL, 'journal', 4, NULL);
        INSERT INTO event_objects VALUES ('node', 'n-1', 1), ('node', 'n-1', 2);
        INSERT INTO contents VALUES (1, '{}', 'lost'), (2, '{}', 'lost'), (3, '{}', 'kept');
        """)
    }
    let owned = try OwnedJournal(path: scratch.path)
    let reader = try JournalReader(path: scratch.path)
    func numbers(_ change: (inout EventQuery) -> Void) async throws -> [Int64] {
      var query = EventQuery()
      change(&query)
      return try await reader.events(query).map(\.number)
    }
    #expect(try await numbers { $0.subject = "n-1" } == [1])
    #expect(try await numbers { $0.subject = "other" } == [2])
    #expect(try await numbers { $0.objects = [ObjectName(kind: nil, name: "other")] } == [])
    // The clock was set back by 200 seconds between the second and the third.
    #expect(try await numbers { $0.until = 1_150_000_000_000 } == [3, 1])
    #expect(try await numbers { $0.since = 1_050_000_000_000 } == [3, 2])
    #expect(try owned.writer.orThrow().fact("disorder") == "200000000000")
    #expect(try await numbers { $0.text = WordSearch("lost") } == [2, 1])
    #expect(try await reader.events(EventQuery()).allSatisfy { $0.tags == nil && $0.cause == nil })
  }

  @Test("a clock that is set back is noted, and forgotten with the transaction that failed")
  func disorder() throws {
    let journal = try RandomJournal(seed: 31, events: 10)
    let writer = try journal.writer
    let before = try writer.fact("disorder")
    func accept(received: Int64, fails: Bool) throws {
      let event = NewEvent(
        source: "s", type: "t", id: nil, identity: nil, time: nil, received: received, subject: nil, objects: [],
        result: .matched, reason: nil, settle: .journal, envelope: [], body: [], runs: [])
      try writer.transaction(isDurable: false) { () throws(SQLiteError) in
        _ = try writer.accept(event)
        if fails { throw SQLiteError.takenBack }
      }
    }
    let latest = journal.events.map(\.received).max() ?? 0
    let day = 24 * RandomJournal.hour
    #expect(throws: SQLiteError.self) { try accept(received: latest - day, fails: true) }
    #expect(try writer.fact("disorder") == before)
    try accept(received: latest - day, fails: false)
    let noted = try #require(Int64(try writer.fact("disorder") ?? ""))
    #expect(noted >= day && noted <= 3 * day)
  }
}
