// SPDX-License-Identifier: Apache-2.0

/// Reads what belongs to one event or one run, and the lists that have no filter.
enum Details {
  static func content(_ event: Int64, _ connection: borrowing Connection) throws(SQLiteError) -> StoredContent? {
    try connection.prepare("SELECT envelope, body FROM contents WHERE event = ?1").first(.integer(event)) {
      row throws(SQLiteError) in StoredContent(envelope: row.blob(0), body: row.blob(1))
    }
  }

  /// Senders choose ids, so no index is kept of them: this reads all events, newest first.
  static func eventNumbers(_ id: String, _ connection: borrowing Connection) throws(SQLiteError) -> [Int64] {
    try connection.prepare("SELECT number FROM events WHERE id = ?1 ORDER BY number DESC LIMIT 1000")
      .all(.text(id)) { row throws(SQLiteError) in row.integer(0) }
  }

  static func attempts(_ run: Int64, _ connection: borrowing Connection) throws(SQLiteError) -> [StoredAttempt] {
    var outputs: [Int64: [Int64: StoredOutput]] = [:]
    let kept = try connection.prepare("SELECT attempt, stream, head, tail, dropped FROM outputs WHERE run = ?1")
    try kept.rows([.integer(run)]) { row throws(SQLiteError) in
      outputs[row.integer(0), default: [:]][row.integer(1)] =
        StoredOutput(head: row.blob(2), tail: row.blob(3), dropped: row.integer(4))
      return true
    }
    return try connection.prepare(
      """
      SELECT attempt, started, ended, duration, outcome, code, reason, program, arguments, directory, revision, pid
      FROM attempts WHERE run = ?1 ORDER BY attempt
      """
    ).all(.integer(run)) { row throws(SQLiteError) in
      let attempt = row.integer(0)
      return StoredAttempt(
        attempt: attempt, started: row.integer(1), ended: row.optionalInteger(2), duration: row.optionalInteger(3),
        outcome: row.optionalText(4), code: row.optionalInteger(5), reason: row.optionalText(6), program: row.text(7),
        arguments: arguments(row.blob(8)), directory: row.text(9), revision: row.text(10),
        pid: row.optionalInteger(11), standardOutput: outputs[attempt]?[1], standardError: outputs[attempt]?[2])
    }
  }

  static func types(_ connection: borrowing Connection) throws(SQLiteError) -> [StoredType] {
    try connection.prepare(
      "SELECT name, seen, matched, first, last, source, envelope, sample FROM types ORDER BY name"
    ).all { row throws(SQLiteError) in
      StoredType(
        name: row.text(0), seen: row.integer(1), matched: row.integer(2), first: row.integer(3),
        last: row.integer(4), source: row.optionalText(5), envelope: row.isNull(6) ? nil : row.blob(6),
        sample: row.isNull(7) ? nil : row.blob(7))
    }
  }

  /// Of all events and changes that there ever were: retention may have deleted the last ones.
  static func latest(_ connection: borrowing Connection) throws(SQLiteError) -> (event: Int64, change: Int64) {
    let event = try connection.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'events'").first {
      row throws(SQLiteError) in row.integer(0)
    }
    let change = try connection.prepare(
      """
      SELECT max(coalesce((SELECT max(change) FROM runs), 0),
        coalesce((SELECT CAST(value AS INTEGER) FROM facts WHERE name = 'sequence'), 0))
      """
    ).first { row throws(SQLiteError) in row.integer(0) }
    return (event ?? 0, change ?? 0)
  }

  /// argv as `attempts` keeps it: each argument ended by a NUL byte.
  private static func arguments(_ bytes: [UInt8]) -> [[UInt8]] {
    var arguments = bytes.split(separator: 0, omittingEmptySubsequences: false).map(Array.init)
    if arguments.last?.isEmpty == true { arguments.removeLast() }
    return arguments
  }
}
