// SPDX-License-Identifier: Apache-2.0

extension JournalReader {
  /// How SQLite finds the events of a list: the lines of `EXPLAIN QUERY PLAN`; none where nothing can be found.
  ///
  /// Of a search for text it is the plan of what else is asked.
  package func plan(of query: EventQuery) async throws(JournalError) -> [String] {
    try await ask { connection throws(SQLiteError) in
      guard let walk = try EventWalk(query, PlainBodies(), connection) else { return [] }
      let selection = try walk.selection(EventListing.reading(query), connection)
      return try connection.prepare("EXPLAIN QUERY PLAN " + selection.sql).all(selection.values) {
        row throws(SQLiteError) in row.text(3)
      }
    }
  }
}
