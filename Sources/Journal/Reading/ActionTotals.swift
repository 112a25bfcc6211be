// SPDX-License-Identifier: Apache-2.0

/// What the journal holds of one action's runs.
package struct ActionTotals: Sendable {
  /// By state, those that have ended, and those that are held.
  package var counts: [RunState: Int64] = [:]
  /// The one that was accepted last.
  package var last: StoredRun?
  /// The one that was accepted last of those that failed.
  package var lastFailure: StoredRun?

  package init() {}
}

extension ActionTotals {
  /// Of every action that the journal knows, or of one, by name.
  static func all(
    of name: String?, _ connection: borrowing Connection
  ) throws(SQLiteError) -> [String: ActionTotals] {
    let known = try connection.prepare("SELECT id, name FROM actions WHERE ?1 IS NULL OR name = ?1")
      .all(.optional(name)) { row throws(SQLiteError) in (id: row.integer(0), name: row.text(1)) }
    let ended = try connection.prepare(Self.ended)
    let open = try connection.prepare(Self.open)
    let held = try connection.prepare(Self.held)
    var totals: [String: ActionTotals] = [:]
    for (id, name) in known {
      var total = ActionTotals()
      var last = try open.first(.integer(id)) { row throws(SQLiteError) in row.optionalInteger(0) } ?? nil
      let states = try ended.all(.integer(id)) { row throws(SQLiteError) in
        (state: RunState(rawValue: row.text(0)), count: row.integer(1), last: row.integer(2))
      }
      for (state, count, number) in states {
        guard let state else { continue }
        total.counts[state] = count
        last = max(last ?? 0, number)
        if state == .failed { total.lastFailure = try RunListing.row(number, connection) }
      }
      total.counts[.held] = try held.first(.integer(id)) { row throws(SQLiteError) in row.integer(0) }
      if let last { total.last = try RunListing.row(last, connection) }
      totals[name] = total
    }
    return totals
  }

  /// From the index of ended runs alone.
  static let ended = """
    SELECT state, count(*), max(number) FROM runs
    WHERE action = ?1 AND \(RunState.ended("state")) GROUP BY state
    """
  /// From the index of open runs alone.
  static let open = "SELECT max(number) FROM runs WHERE action = ?1 AND ended IS NULL"
  static let held = """
    SELECT count(*) FROM runs WHERE state = 'held' AND action = ?1
    """
}

extension JournalReader {
  /// What the journal holds of the runs of every action that it knows, or of one; nothing of one that it does not.
  package func actionTotals(of name: String? = nil) async throws(JournalError) -> [String: ActionTotals] {
    try await ask { connection throws(SQLiteError) in try ActionTotals.all(of: name, connection) }
  }
}
