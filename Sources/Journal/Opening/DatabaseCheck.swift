// SPDX-License-Identifier: Apache-2.0

import CSQLite

/// Looks for damage in a journal before it is used.
enum DatabaseCheck {
  /// Bytes up to which every page is looked at when a journal is opened.
  ///
  /// `PRAGMA quick_check` reads the whole file: a quarter of a second for this much from memory, about one from a disk.
  /// A daemon has to be ready within two, so in a larger file only the schema and both ends of each table are read.
  /// Damage elsewhere shows when it is read: `SQLiteError.trouble` says `corrupt` then.
  static let wholeFileLimit: Int64 = 64 << 20

  /// Throws what is wrong, as damage or as SQLite's own error.
  static func run(_ connection: borrowing Connection, size: Int64) throws {
    if size <= wholeFileLimit {
      let found = try connection.prepare("PRAGMA quick_check(1)").first { row throws(SQLiteError) in row.text(0) }
      guard found == "ok" else { throw DatabaseOpening.Failure.damaged(found ?? "it cannot be checked") }
    }
    for (table, key) in keys {
      for order in ["ASC", "DESC"] {
        do throws(SQLiteError) {
          let sample = try connection.prepare("SELECT * FROM \(table) ORDER BY \(key) \(order) LIMIT 1")
          try sample.run()
        } catch {
          // A table or a column of the schema is not there.
          guard error.primaryCode == SQLITE_ERROR else { throw error }
          throw DatabaseOpening.Failure.damaged(error.description)
        }
      }
    }
  }

  /// Tables of every version of the schema.
  private static let keys = [
    ("facts", "name"), ("sources", "id"), ("types", "id"), ("actions", "id"), ("events", "number"),
    ("contents", "event"), ("event_objects", "kind, name, event"), ("identities", "digest"), ("runs", "number"),
    ("attempts", "run, attempt"), ("outputs", "run, attempt, stream"),
  ]
}
