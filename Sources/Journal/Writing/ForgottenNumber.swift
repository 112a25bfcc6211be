// SPDX-License-Identifier: Apache-2.0

/// The facts that say how far what was deleted reaches, so that whoever follows learns that he missed something.
enum ForgottenNumber: String {
  case events = "forgotten_event"
  case changes = "forgotten_change"
}

extension JournalWriter {
  /// Notes that a number is gone; what is noted never falls.
  func forget(_ kind: ForgottenNumber, upTo number: Int64) throws(SQLiteError) {
    try connection.prepare(
      """
      INSERT INTO facts (name, value) VALUES (?1, ?2)
      ON CONFLICT (name) DO UPDATE SET value = max(CAST(value AS INTEGER), excluded.value)
      """
    ).run(.text(kind.rawValue), .integer(number))
  }

  /// Notes what the deletion of events will make of those who follow.
  func noteForgotten(_ events: [Int64]) throws(SQLiteError) {
    guard let last = events.max() else { return }
    try forget(.events, upTo: last)
    let change = try connection.prepare("SELECT max(change) FROM runs WHERE event = ?1")
    var highest: Int64 = 0
    for event in events {
      let found = try change.first(.integer(event)) { row throws(SQLiteError) in row.optionalInteger(0) } ?? nil
      highest = max(highest, found ?? 0)
    }
    if highest > 0 { try forget(.changes, upTo: highest) }
  }
}
