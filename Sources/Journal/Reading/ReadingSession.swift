// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Glibc

/// A connection that only reads, with a deadline for each question; used by one thread.
final class ReadingSession {
  private let path: String
  private let limit: Duration
  private let deadline = Deadline()
  private var file: OpenFile?
  /// Removed as soon as the copy in it is open, so that nothing is left of it however the process ends.
  private var directory: TemporaryDirectory?

  private final class OpenFile {
    let connection: Connection
    let identity: FileIdentity?

    init(_ connection: consuming Connection, _ identity: FileIdentity?) {
      self.connection = connection
      self.identity = identity
    }
  }

  /// Opens nothing yet.
  ///
  /// - Parameters:
  ///   - path: Of the database.
  ///   - limit: What one question may take.
  ///   - directory: For a copy: where it lies, and nothing else.
  init(path: String, limit: Duration, directory: TemporaryDirectory?) {
    self.path = path
    self.limit = limit
    self.directory = directory
    isCopy = directory != nil
  }

  private let isCopy: Bool

  // Before the deadline, which the connection looks at.
  deinit { file = nil }

  /// Answers a question from one state of the journal.
  ///
  /// After an error, and when another file has the journal's name by now, the connection is made anew; a question that
  /// failed on an old connection is asked once more on the new one.
  ///
  /// `limit` is for a question that may take less than others.
  func answer<Value>(
    within limit: Duration? = nil,
    _ question: (borrowing Connection) throws(SQLiteError) -> Value
  ) throws(JournalError) -> Value {
    let limit = limit ?? self.limit
    if !isCopy { LogRoom.wait(for: path) }
    if !isCopy, let file, file.identity != FileIdentity(path) { self.file = nil }
    while true {
      let old = file
      do throws(SQLiteError) {
        let file = if let old { old } else { try opened() }
        self.file = file
        return try ask(question, file, within: limit)
      } catch {
        if error.isInterruption { throw .tooSlow(limit: limit) }
        guard !isCopy else { throw .sqlite(error) }
        file = nil
        guard old == nil else { continue }
        guard error.primaryCode == SQLITE_CANTOPEN else { throw .sqlite(error) }
        throw .unreachable(path: path, reason: "it cannot be opened (\(error))")
      }
    }
  }

  private func ask<Value>(
    _ question: (borrowing Connection) throws(SQLiteError) -> Value, _ file: OpenFile, within limit: Duration
  ) throws(SQLiteError) -> Value {
    deadline.set(limit)
    defer {
      deadline.clear()
      // An open transaction would keep the write-ahead log from being emptied.
      if file.connection.isInTransaction { try? file.connection.execute("ROLLBACK") }
    }
    try file.connection.execute("BEGIN")
    let value = try question(file.connection)
    try file.connection.execute("COMMIT")
    return value
  }

  private func opened() throws(SQLiteError) -> OpenFile {
    // Looked at before, so that a file that comes in between is noticed by the next question.
    let identity = FileIdentity(path)
    let connection = try Connection(path, .reading)
    connection.setPatience(milliseconds: 1_000)
    connection.setDeadline(deadline)
    try connection.execute(
      """
      PRAGMA query_only = ON;
      PRAGMA mmap_size = 0;
      PRAGMA cell_size_check = ON;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -4096;
      """)
    if let directory {
      // Opens the log and its index too, which SQLite does at the first read.
      try connection.execute("SELECT count(*) FROM facts")
      directory.remove()
      self.directory = nil
    }
    return OpenFile(connection, identity)
  }
}
