// SPDX-License-Identifier: Apache-2.0

import Glibc

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

  /// Looks whether the file is still where it was, and still a database; returns what is wrong, nil = nothing.
  ///
  /// SQLite itself would notice late: it goes on with the file that it has open, and with the pages that it has read.
  package func look() -> SQLiteError? {
    guard let writer else { return nil }
    do throws(SQLiteError) {
      try writer.place?.check()
    } catch {
      return error
    }
    guard let header = try? writer.connection.header() else { return nil }
    return header.starts(with: Array("SQLite format 3\u{0}".utf8)) ? nil : .overwritten
  }

  /// Opens the file again after trouble with its disk; what is damaged is set aside.
  ///
  /// The old connection is closed first: two that write would meet a defect of SQLite 3.40 (see sqlite.org/wal.html,
  /// "The WAL-Reset Bug").
  package func reopen(isSuspect: Bool) throws(JournalError) {
    if let writer { last = (writer.numbers.event, writer.numbers.run, writer.sequence) }
    let replaced = try rescue()
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
    self.setAside = setAside.map { ($0, damage ?? "it is damaged") } ?? replaced
  }

  /// Puts back the file that is still open, where another one took its place or its name was removed.
  ///
  /// Returns where that other one is now, if there was one.
  private func rescue() throws(JournalError) -> (path: String, damage: String)? {
    guard let writer, let place = writer.place, (try? place.check()) == nil else { return nil }
    let copy = files.path + ".rescued"
    unlink(copy)
    do throws(SQLiteError) {
      try writer.connection.prepare("VACUUM INTO ?1").run(.text(copy))
    } catch {
      // It is damaged itself: then what lies in its place decides.
      unlink(copy)
      return nil
    }
    self.writer = nil
    let isThere = files.size != nil
    let name = isThere ? try files.setAside(at: time(nil)) : nil
    for leftover in [files.log, files.index] { unlink(leftover) }
    guard rename(copy, files.path) == 0 else {
      throw .unreachable(path: files.path, reason: "\(copy) cannot be renamed to it (\(reason(errno)))")
    }
    return name.map { ($0, "another file had taken its place, and was moved away; nothing was lost") }
  }
}
