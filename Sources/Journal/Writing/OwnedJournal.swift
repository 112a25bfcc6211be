// SPDX-License-Identifier: Apache-2.0

/// A journal that this process has for itself: its lock is held as long as this object lives.
package final class OwnedJournal {
  /// Writes it; another one after `reopen`, and none while that has not succeeded.
  package private(set) var writer: JournalWriter?
  /// Where damaged files were put when the journal was opened the last time, and what was wrong with them.
  package private(set) var setAside: (path: String, damage: String)?
  /// The last numbers of the file as it was before it was opened again.
  private var last: (event: Int64, run: Int64, sequence: Int64) = (0, 0, 0)
  private let files: JournalFiles
  private let lock: JournalLock

  /// Takes the lock and opens the journal, or begins one.
  package init(path: String) throws(JournalError) {
    let opened = try OpenJournal.open(path: path, sync: .full)
    files = opened.files
    setAside = opened.setAside.map { ($0, opened.damage ?? "it is damaged") }
    do throws(SQLiteError) {
      let writer = try JournalWriter(opened.connection)
      writer.place = FilePlace(files)
      self.writer = writer
    } catch {
      throw .sqlite(error)
    }
    lock = opened.lock
  }

  /// Opens the file again after trouble with its disk; what is damaged is set aside.
  ///
  /// The old connection is closed first: two that write would meet a defect of SQLite 3.40 (see sqlite.org/wal.html,
  /// "The WAL-Reset Bug").
  package func reopen(isSuspect: Bool) throws(JournalError) {
    if let writer { last = (writer.numbers.event, writer.numbers.run, writer.sequence) }
    writer = nil
    let opened = try OpenDatabase.open(files, sync: .full, isSuspect: isSuspect)
    let setAside = opened.setAside
    let damage = opened.damage
    do throws(SQLiteError) {
      let writer = try JournalWriter(opened.connection)
      try writer.follow(event: last.event, run: last.run, sequence: last.sequence)
      writer.place = FilePlace(files)
      self.writer = writer
    } catch {
      throw .sqlite(error)
    }
    self.setAside = setAside.map { ($0, damage ?? "it is damaged") }
  }
}
