// SPDX-License-Identifier: Apache-2.0

import CSQLite

/// Owns one connection to a database file; used by one thread.
///
/// Closing waits for no statement: a statement that outlives its connection keeps the file open until it ends too.
/// Closing never checkpoints: what a checkpoint meets is looked at, see `checkpoint`, and SQLite reports nothing of
/// what it does while it closes.
struct Connection: ~Copyable {
  enum Mode {
    /// Reads and writes; the file is created when it is not there. Nothing is checkpointed but by `checkpoint`.
    case writing
    case reading
  }

  private let handle: OpaquePointer
  /// Frames in the write-ahead log after the last commit; written by SQLite on the thread that commits.
  private let frames: UnsafeMutablePointer<Int32>

  /// Nobody asks for SQLite's own statistics; a program that has used SQLite before keeps them.
  private static let configured = onevent_sqlite_configure()

  init(_ path: String, _ mode: Mode) throws(SQLiteError) {
    _ = Self.configured
    var handle: OpaquePointer?
    let flags =
      switch mode {
      case .writing: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
      case .reading: SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX
      }
    var result = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_EXRESCODE, nil)
    if result == SQLITE_OK { result = onevent_sqlite_keep_log_on_close(handle) }
    if result == SQLITE_OK { result = onevent_sqlite_distrust(handle) }
    guard result == SQLITE_OK, let handle else {
      let error = SQLiteError(result, of: handle, statement: "open \(path)")
      sqlite3_close_v2(handle)
      throw error
    }
    self.handle = handle
    frames = .allocate(capacity: 1)
    frames.initialize(to: 0)
    // In place of the automatic checkpoints, which use the same hook.
    sqlite3_wal_hook(handle, Self.noteFrames, frames)
  }

  deinit {
    sqlite3_wal_hook(handle, nil, nil)
    sqlite3_progress_handler(handle, 0, nil, nil)
    sqlite3_close_v2(handle)
    frames.deallocate()
  }

  private static let noteFrames:
    @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?, UnsafePointer<CChar>?, Int32) -> Int32 = {
      frames, _, _, count in
      frames?.storeBytes(of: count, as: Int32.self)
      return SQLITE_OK
    }

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

  /// How long a statement waits for another connection's lock before it fails with `SQLITE_BUSY`.
  borrowing func setPatience(milliseconds: Int32) {
    sqlite3_busy_timeout(handle, milliseconds)
  }

  /// The file's first 100 bytes as they are on the disk, zeros past its end.
  ///
  /// Layout: sqlite.org/fileformat2.html, section 1.3.
  borrowing func header() throws(SQLiteError) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 100)
    let result = onevent_sqlite_read_header(handle, &header, Int32(header.count))
    guard result == SQLITE_OK else { throw SQLiteError(result, of: handle, statement: "read the file's header") }
    return header
  }

  // MARK: The write-ahead log

  /// Frames in the write-ahead log as of this connection's last commit, copied into the file or not.
  var framesInLog: Int32 { frames.pointee }

  /// Copies what the write-ahead log holds into the file, as far as readers allow, and syncs both.
  ///
  /// - Parameter truncates: Also waits for readers, as long as the connection's patience lasts, and then empties the
  ///   log file. Without it the log is begun anew by a later commit, if no reader needs it then.
  /// - Returns: What was done. A reader that is in the way is no error.
  /// - Throws: What the disk refused; committed transactions are safe in the log all the same.
  borrowing func checkpoint(truncates: Bool) throws(SQLiteError) -> Checkpoint {
    var (inLog, copied) = (Int32(-1), Int32(-1))
    let mode = truncates ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
    let result = sqlite3_wal_checkpoint_v2(handle, "main", mode, &inLog, &copied)
    switch result & 0xff {
    case SQLITE_OK:
      if truncates { frames.pointee = 0 }
      return Checkpoint(inLog: max(inLog, 0), copied: max(copied, 0), isTruncated: truncates)
    case SQLITE_BUSY: return Checkpoint(inLog: max(inLog, 0), copied: max(copied, 0), isTruncated: false)
    default: throw SQLiteError(result, of: handle, statement: "checkpoint")
    }
  }
}

/// What a checkpoint did.
struct Checkpoint: Sendable, Equatable {
  /// Frames in the log, one page each.
  var inLog: Int32
  /// Those of them that are in the file by now.
  var copied: Int32
  var isTruncated: Bool
}
