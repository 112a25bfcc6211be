// SPDX-License-Identifier: Apache-2.0

/// A journal that is ready to be written: locked, of the present schema, and as whole as could be seen.
struct OpenJournal: ~Copyable {
  let files: JournalFiles
  let connection: Connection
  let lock: JournalLock
  /// Where the files are that lay there and were damaged; nil when there were none.
  let setAside: String?
  /// What was wrong with them.
  let damage: String?

  /// Opens a journal, or begins one.
  ///
  /// The lock is taken before anything else is looked at. A file of a later version, or of another program, is refused
  /// and left as it is. A damaged one is renamed, with its log, and a new one takes its place: whoever opens has to say
  /// so, since history is gone from the new one.
  ///
  /// The directory of `path` is made when it is missing; `sync` is what the commits of the connection wait for.
  static func open(
    path: String, sync: SyncMode, migrations: [String] = Schema.migrations
  ) throws(JournalError) -> OpenJournal {
    let files = JournalFiles(path)
    try files.makeDirectory()
    let lock = try JournalLock.exclusive(files)
    let database = try OpenDatabase.open(files, sync: sync, migrations: migrations)
    return OpenJournal(
      files: files, connection: database.connection, lock: lock, setAside: database.setAside, damage: database.damage)
  }

  // MARK: Checkpoints

  /// Commits leave this many frames in the log, 4 MiB, before they are copied into the file.
  static let framesWorthACheckpoint: Int32 = 1_000

  /// A log of this many frames, 64 MiB, is emptied if there is a moment without readers; see `LogRoom`.
  static let framesWorthWaiting: Int32 = 16_384
  /// Milliseconds that such a moment is waited for: commits wait as long.
  static let patience: Int32 = 20
}

extension Connection {
  /// Copies what the write-ahead log holds into the file, and empties a log that has grown large.
  ///
  /// To be called between transactions; does nothing while the log is short.
  ///
  /// - Throws: What the disk refused. It says nothing about transactions, which are safe in the log, but the disk is
  ///   in trouble: see `SQLiteError.trouble`.
  @discardableResult
  borrowing func checkpoint() throws(SQLiteError) -> Checkpoint? {
    guard framesInLog >= OpenJournal.framesWorthACheckpoint else { return nil }
    let passive = try checkpoint(truncates: false)
    guard passive.inLog >= OpenJournal.framesWorthWaiting else { return passive }
    setPatience(milliseconds: OpenJournal.patience)
    defer { setPatience(milliseconds: DatabaseOpening.patience) }
    return try checkpoint(truncates: true)
  }
}
