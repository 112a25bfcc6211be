// SPDX-License-Identifier: Apache-2.0

import CSQLite

/// A refusal of SQLite: its extended result code, its words, and the statement that was refused.
package struct SQLiteError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The extended result code, as sqlite.org/rescode.html lists them.
  package let code: Int32
  package let message: String
  package let statement: String?

  init(code: Int32, message: String, statement: String? = nil) {
    self.code = code
    self.message = message
    self.statement = statement
  }

  /// The last refusal of a connection.
  init(_ code: Int32, of connection: OpaquePointer?, statement: String? = nil) {
    let extended = connection.map(sqlite3_extended_errcode) ?? code
    self.init(
      code: extended == SQLITE_OK ? code : extended,
      message: String(cString: connection.flatMap(sqlite3_errmsg) ?? sqlite3_errstr(code)),
      statement: statement)
  }

  /// The code without its extension.
  var primaryCode: Int32 { code & 0xff }

  package var description: String {
    "SQLite error \(code): \(message)" + (statement.map { " (while executing: \($0))" } ?? "")
  }
}
