// SPDX-License-Identifier: Apache-2.0

import CSQLite

/// Makes a file into a connection to a journal of the present schema.
enum DatabaseOpening {
  enum Failure: Error {
    /// Not a journal any more; another one may take its place.
    case damaged(String)
    /// To be left as it is.
    case refused(JournalError)
  }

  /// Milliseconds that another connection's lock is waited for.
  static let patience: Int32 = 1_000

  static func connection(
    _ files: JournalFiles, sync: SyncMode, isSuspect: Bool = false, migrations: [String]
  ) throws(Failure) -> Connection {
    if files.size == nil {
      do { try files.create() } catch { throw .refused(error) }
    }
    do {
      let connection = try Connection(files.path, .writing)
      connection.setPatience(milliseconds: patience)
      try judgeHeader(connection, files, known: migrations.count)
      try configure(connection)
      let version = try identify(connection, files, known: migrations.count)
      if version > 0 {
        try DatabaseCheck.run(connection, DatabaseCheck.depth(size: files.size ?? 0, isSuspect: isSuspect))
      }
      try useLog(connection, files)
      try migrate(connection, files, from: version, migrations)
      try connection.setSync(sync)
      return connection
    } catch let error as Failure {
      throw error
    } catch let error as SQLiteError {
      throw failure(error, files)
    } catch {
      // Nothing else is thrown above; the compiler cannot know.
      throw .refused(.unreachable(path: files.path, reason: "\(error)"))
    }
  }

  /// Sets what concerns the connection and not the file.
  ///
  /// No memory map: a failing disk would end the process by SIGBUS, where a read gives an error.
  private static func configure(_ connection: borrowing Connection) throws(SQLiteError) {
    try connection.execute(
      """
      PRAGMA mmap_size = 0;
      PRAGMA cell_size_check = ON;
      PRAGMA secure_delete = OFF;
      PRAGMA temp_store = MEMORY;
      PRAGMA foreign_keys = OFF;
      PRAGMA cache_size = -8192;
      """)
  }

  /// Tells whose file it is by what lies on the disk, before SQLite reads a page.
  ///
  /// Reading a file that has a log would already change the files beside it.
  private static func judgeHeader(
    _ connection: borrowing Connection, _ files: JournalFiles, known: Int
  ) throws {
    let header = try connection.header()
    guard header.contains(where: { $0 != 0 }) else { return }
    guard header.starts(with: Array("SQLite format 3\u{0}".utf8)) else {
      throw Failure.damaged("it does not begin as a database does")
    }
    try judge(applicationID: number(header, at: 68), version: number(header, at: 60), files, known: known)
  }

  /// Tells whose file it is by what was committed, and signs one that is nobody's.
  ///
  /// - Returns: The schema's version; 0 for a file that nobody has used.
  private static func identify(
    _ connection: borrowing Connection, _ files: JournalFiles, known: Int
  ) throws -> Int {
    let applicationID = try integer(connection, "PRAGMA application_id")
    let version = try integer(connection, "PRAGMA user_version")
    try judge(
      applicationID: Int32(truncatingIfNeeded: applicationID), version: Int32(clamping: version), files, known: known)
    if applicationID == 0 {
      let used = try integer(connection, "SELECT count(*) FROM sqlite_schema")
      guard used == 0, version == 0 else { throw Failure.refused(.foreign(path: files.path)) }
      // A commit writes whole pages, and one of the usual 4 KiB holds one notification's body and much of nothing: with
      // half of that an event takes a third less of the file, and a twentieth less of the processor.
      try connection.execute("PRAGMA page_size = 2048")
      // While the file is not in WAL mode yet: so no file is ever in WAL mode without it.
      try connection.execute("PRAGMA application_id = \(Schema.applicationID)")
    }
    return Int(clamping: version)
  }

  private static func judge(
    applicationID: Int32, version: Int32, _ files: JournalFiles, known: Int
  ) throws(Failure) {
    guard applicationID == Schema.applicationID else {
      guard applicationID == 0 else { throw .refused(.foreign(path: files.path)) }
      return
    }
    guard version <= known else { throw .refused(.newer(path: files.path, version: Int(version), known: known)) }
    guard version >= 0 else { throw .damaged("its schema has the version \(version)") }
  }

  private static func useLog(_ connection: borrowing Connection, _ files: JournalFiles) throws {
    let mode = try connection.prepare("PRAGMA journal_mode = WAL").first { row throws(SQLiteError) in row.text(0) }
    guard mode == "wal" else {
      throw Failure.refused(
        .unreachable(
          path: files.path,
          reason: "its file system cannot share memory between programs, which a write-ahead log needs (SQLite stays "
            + "in the mode '\(mode ?? "")'): put it on a local disk"))
    }
    try connection.execute("PRAGMA journal_size_limit = \(16 << 20)")
  }

  /// Brings the schema up to date, version by version, each in one transaction together with its number.
  private static func migrate(
    _ connection: borrowing Connection, _ files: JournalFiles, from version: Int, _ migrations: [String]
  ) throws(Failure) {
    for (index, migration) in migrations.enumerated().dropFirst(version) {
      do throws(SQLiteError) {
        try connection.execute("BEGIN IMMEDIATE")
        try connection.execute(migration)
        try connection.execute("PRAGMA user_version = \(index + 1)")
        try connection.execute("COMMIT")
      } catch {
        if connection.isInTransaction { try? connection.execute("ROLLBACK") }
        guard error.trouble == .other else { throw failure(error, files) }
        throw .refused(
          .unreachable(
            path: files.path,
            reason: "its schema cannot be brought from version \(index) to \(index + 1), and stays what it was "
              + "(\(error)): install the version of onevent again that was here before, and report this"))
      }
    }
  }

  private static func failure(_ error: SQLiteError, _ files: JournalFiles) -> Failure {
    switch error.trouble {
    case .corrupt: .damaged(error.description)
    case .other where error.primaryCode == SQLITE_BUSY:
      .refused(
        .unreachable(path: files.path, reason: "another program has it open and locked (\(error)): stop that one"))
    case .other: .refused(.unreachable(path: files.path, reason: error.description))
    case let trouble:
      .refused(.unreachable(path: files.path, reason: "\(trouble.sentence(about: files.path)) (\(error))"))
    }
  }

  private static func integer(_ connection: borrowing Connection, _ sql: String) throws(SQLiteError) -> Int64 {
    try connection.prepare(sql).first { row throws(SQLiteError) in row.integer(0) } ?? 0
  }

  /// Four bytes of the header, the highest first.
  private static func number(_ header: [UInt8], at offset: Int) -> Int32 {
    Int32(bitPattern: header.dropFirst(offset).prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
  }
}
