// SPDX-License-Identifier: Apache-2.0

import CSQLite

/// Looks for damage in a journal before it is used.
enum DatabaseCheck {
  /// How much is looked at.
  enum Depth {
    /// The schema and both ends of each table.
    case ends
    /// Every page.
    case whole
  }

  /// How deeply a journal is looked at, by its bytes.
  ///
  /// `PRAGMA quick_check` reads the whole file: 128 MiB take a quarter of a second from memory, about one from a disk,
  /// and a daemon has to be ready within two. Damage elsewhere in a larger file shows when it is read:
  /// `SQLiteError.trouble` says `corrupt` then, and the file is suspect when it is opened again.
  static func depth(size: Int64, isSuspect: Bool) -> Depth {
    size <= 128 << 20 || isSuspect ? .whole : .ends
  }

  /// Throws what is wrong, as damage or as SQLite's own error.
  static func run(_ connection: borrowing Connection, _ depth: Depth) throws {
    if depth == .whole {
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
