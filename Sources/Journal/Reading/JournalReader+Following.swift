// SPDX-License-Identifier: Apache-2.0

extension JournalReader: JournalFollowing {
  package func news(after event: Int64, limit: Int) async throws(JournalError) -> [EventNews] {
    try await ask { connection throws(SQLiteError) in
      var query = EventQuery()
      query.after = event
      query.limit = limit
      let events = try EventListing.rows(query, PlainBodies(), connection)
      guard let first = events.first, let last = events.last else { return [] }
      let actions = try Following.actions(ofEvents: first.number...last.number, connection)
      return events.map { EventNews($0, actions: actions[$0.number] ?? []) }
    }
  }

  package func runs(changedAfter change: Int64, limit: Int) async throws(JournalError) -> [StoredRun] {
    try await ask { connection throws(SQLiteError) in
      var query = RunQuery()
      query.changedAfter = change
      query.limit = limit
      return try RunListing.rows(query, connection)
    }
  }

  package func extent() async throws(JournalError) -> JournalExtent {
    try await ask { connection throws(SQLiteError) in try Following.extent(connection) }
  }
}

/// The questions of those who follow.
private enum Following {
  static func actions(
    ofEvents events: ClosedRange<Int64>, _ connection: borrowing Connection
  ) throws(SQLiteError) -> [Int64: [String]] {
    var actions: [Int64: [String]] = [:]
    let rows = try connection.prepare(
      """
      SELECT DISTINCT r.event, a.name FROM runs r INDEXED BY runs_event JOIN actions a ON a.id = r.action
      WHERE r.event BETWEEN ?1 AND ?2
      """)
    try rows.rows([.integer(events.lowerBound), .integer(events.upperBound)]) { row throws(SQLiteError) in
      actions[row.integer(0), default: []].append(row.text(1))
      return true
    }
    return actions
  }

  static func extent(_ connection: borrowing Connection) throws(SQLiteError) -> JournalExtent {
    let newest = try Details.latest(connection)
    let oldestEvent = try lowest("SELECT min(number) FROM events", connection)
    let oldestChange = try lowest("SELECT min(change) FROM runs", connection)
    // Events have all numbers, but for those deleted; changes are replaced by later ones of the same run.
    let missing = (oldestEvent ?? newest.event + 1) - 1
    return JournalExtent(
      events: .init(
        newest: newest.event, forgotten: max(missing, try forgotten(.events, connection)), oldest: oldestEvent),
      changes: .init(newest: newest.change, forgotten: try forgotten(.changes, connection), oldest: oldestChange))
  }

  private static func lowest(_ sql: String, _ connection: borrowing Connection) throws(SQLiteError) -> Int64? {
    try connection.prepare(sql).first { row throws(SQLiteError) in row.optionalInteger(0) } ?? nil
  }

  private static func forgotten(
    _ kind: ForgottenNumber, _ connection: borrowing Connection
  ) throws(SQLiteError) -> Int64 {
    try connection.prepare("SELECT CAST(value AS INTEGER) FROM facts WHERE name = ?1").first(.text(kind.rawValue)) {
      row throws(SQLiteError) in row.integer(0)
    } ?? 0
  }
}
