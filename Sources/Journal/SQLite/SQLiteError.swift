// SPDX-License-Identifier: Apache-2.0

import CSQLite

/// A refusal of SQLite: its extended result code, its words, and the statement that was refused.
package struct SQLiteError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The extended result code, as sqlite.org/rescode.html lists them.
  package let code: Int32
  package let message: String
  package let statement: String?
  /// The errno of the system call that failed; 0 where none did.
  package let systemError: Int32

  init(code: Int32, message: String, statement: String? = nil, systemError: Int32 = 0) {
    self.code = code
    self.message = message
    self.statement = statement
    self.systemError = systemError
  }

  /// What SQLite let pass, but makes no sense.
  init(corruption: String) {
    self.init(code: SQLITE_CORRUPT, message: corruption)
  }

  /// The last refusal of a connection.
  init(_ code: Int32, of connection: OpaquePointer?, statement: String? = nil) {
    // The connection remembers its last error only, and not every call leaves one there.
    let last = connection.map(sqlite3_extended_errcode) ?? code
    let isLast = last & 0xff == code & 0xff
    self.init(
      code: isLast ? last : code,
      message: String(cString: (isLast ? connection.flatMap(sqlite3_errmsg) : nil) ?? sqlite3_errstr(code)),
      statement: statement,
      systemError: isLast ? connection.map(sqlite3_system_errno) ?? 0 : 0)
  }

  /// The code without its extension.
  var primaryCode: Int32 { code & 0xff }

  /// Whether a transaction that wrote the index of words and nothing else met damage of it, which can be made anew.
  ///
  /// FTS5 says SQLITE_CORRUPT_VTAB, or, when it writes at the commit, that a constraint of its own tables failed.
  package var isDamageOfWords: Bool { code == SQLITE_CORRUPT | 1 << 8 || trouble == .other }

  /// Whether a deadline ended the statement.
  var isInterruption: Bool { primaryCode == SQLITE_INTERRUPT }

  package var description: String {
    "SQLite error \(code): \(message)" + (statement.map { " (while executing: \($0))" } ?? "")
  }

  /// The file could not be opened again after trouble.
  package static let notOpen = SQLiteError(code: SQLITE_CANTOPEN, message: "the journal is not open")

  /// The beginning of the file is none of a database any more.
  static let overwritten = SQLiteError(code: SQLITE_NOTADB, message: "its beginning was overwritten")

  /// Thrown to take a transaction back for a reason that is not SQLite's.
  package static let takenBack = SQLiteError(code: SQLITE_ABORT, message: "taken back")
}
