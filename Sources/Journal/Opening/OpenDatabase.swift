// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The database of a journal, opened under a lock that somebody else holds.
struct OpenDatabase: ~Copyable {
  let connection: Connection
  /// See `OpenJournal`.
  let setAside: String?
  let damage: String?

  /// Opens the database; also anew, after trouble with the disk, under the lock that was taken once.
  ///
  /// `isSuspect` says that damage was met in it: then all of it is looked at, however large it is.
  static func open(
    _ files: JournalFiles, sync: SyncMode, isSuspect: Bool = false, migrations: [String] = Schema.migrations
  ) throws(JournalError) -> OpenDatabase {
    var damage = orphanedLog(files)
    if damage == nil {
      do {
        let connection = try DatabaseOpening.connection(
          files, sync: sync, isSuspect: isSuspect, migrations: migrations)
        return OpenDatabase(connection: connection, setAside: nil, damage: nil)
      } catch {
        switch error {
        case .refused(let error): throw error
        case .damaged(let reason): damage = reason
        }
      }
    }
    let name = try files.setAside(at: time(nil))
    do {
      let connection = try DatabaseOpening.connection(files, sync: sync, migrations: migrations)
      return OpenDatabase(connection: connection, setAside: name, damage: damage)
    } catch {
      switch error {
      case .refused(let error): throw error
      case .damaged(let reason):
        throw .unreachable(path: files.path, reason: "a new one is damaged at once (\(reason)): look at the disk")
      }
    }
  }

  /// A log without a database is what a database left that somebody removed; SQLite would delete it.
  private static func orphanedLog(_ files: JournalFiles) -> String? {
    guard files.size ?? 0 == 0, JournalFiles.size(of: files.log) ?? 0 > 0 else { return nil }
    return "its write-ahead log is there without it"
  }
}
