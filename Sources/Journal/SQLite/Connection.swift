// SPDX-License-Identifier: Apache-2.0

import CSQLite

/// Owns one connection to a database file; used by one thread.
///
/// Closing waits for no statement: a statement that outlives its connection keeps the file open until it ends too.
struct Connection: ~Copyable {
  enum Mode {
    /// Reads and writes; the file is created when it is not there.
    case writing
    case reading
  }

  private let handle: OpaquePointer

  init(_ path: String, _ mode: Mode) throws(SQLiteError) {
    var handle: OpaquePointer?
    let flags =
      switch mode {
      case .writing: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
      case .reading: SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX
      }
    let result = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_EXRESCODE, nil)
    guard result == SQLITE_OK, let handle else {
      let error = SQLiteError(result, of: handle, statement: "open \(path)")
      sqlite3_close_v2(handle)
      throw error
    }
    self.handle = handle
  }

  deinit { sqlite3_close_v2(handle) }

  /// Prepares one statement, to be used many times.
  borrowing func prepare(_ sql: String) throws(SQLiteError) -> Statement {
    try Statement(sql, handle)
  }

  /// Executes statements that return nothing, separated by semicolons.
  borrowing func execute(_ sql: String) throws(SQLiteError) {
    let result = sqlite3_exec(handle, sql, nil, nil, nil)
    guard result == SQLITE_OK else { throw SQLiteError(result, of: handle, statement: sql) }
  }

  /// The row id of the last insert.
  var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

  /// How many rows the last statement inserted, changed or deleted.
  var changes: Int { Int(sqlite3_changes64(handle)) }

  /// Whether a transaction is open: SQLite ends one by itself on some errors.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Makes every statement that is running give up with `SQLITE_INTERRUPT` once the deadline is over.
  ///
  /// It is looked at every few thousand steps of SQLite's machine, and has to live as long as the connection.
  borrowing func setDeadline(_ deadline: borrowing Deadline) {
    sqlite3_progress_handler(handle, 4_000, Deadline.isOver, deadline.pointer)
  }
}
