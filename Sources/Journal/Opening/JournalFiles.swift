// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where a journal's files lie, and what is done with them from outside SQLite.
struct JournalFiles: Sendable {
  /// The database, with every symbolic link followed.
  ///
  /// So two names of one journal have one lock.
  let path: String

  var log: String { path + "-wal" }
  var index: String { path + "-shm" }
  var lock: String { path + ".lock" }

  var directory: String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// - Parameter path: Absolute, or relative to the working directory.
  init(_ path: String) {
    self.path = Self.resolved(path) ?? path
  }

  /// Makes the directory and those above it that are missing, each for its owner only.
  func makeDirectory() throws(JournalError) {
    var missing: [String] = []
    var directory = directory
    while access(directory, F_OK) != 0, errno == ENOENT {
      missing.append(directory)
      guard let slash = directory.lastIndex(of: "/"), slash != directory.startIndex else { break }
      directory = String(directory[..<slash])
    }
    for directory in missing.reversed() where mkdir(directory, 0o700) != 0 && errno != EEXIST {
      throw .unreachable(
        path: path,
        reason: "its directory \(directory) cannot be made (\(reason(errno))): make it, and give it to the user "
          + "that runs onevent")
    }
  }

  /// Creates the database as an empty file that only its owner may read.
  func create() throws(JournalError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw .unreachable(
        path: path, reason: "it cannot be created (\(reason(errno))): let the user that runs onevent write there")
    }
    close(descriptor)
    syncDirectory()
  }

  /// Bytes of the database; nil when it is not there.
  var size: Int64? { Self.size(of: path) }

  /// Renames the database and what belongs to it after the moment, never over another file.
  ///
  /// The database goes first: a log whose database is gone is ignored by SQLite, a database without its log would pass
  /// for a whole one.
  /// - Returns: The name of the database from now on.
  func setAside(at time: time_t) throws(JournalError) -> String {
    let name = Self.unusedName(path + ".corrupt-" + UTCStamp.compact(time))
    for suffix in ["", "-wal", "-shm"] where rename(path + suffix, name + suffix) != 0 && errno != ENOENT {
      throw .unreachable(
        path: path,
        reason: "\(path + suffix) is damaged and cannot be renamed to \(name + suffix) (\(reason(errno))): move it "
          + "away, and start again")
    }
    syncDirectory()
    return name
  }

  private static func unusedName(_ wanted: String) -> String {
    var (name, number) = (wanted, 1)
    while ["", "-wal", "-shm"].contains(where: { size(of: name + $0) != nil }) {
      number += 1
      name = "\(wanted)-\(number)"
    }
    return name
  }

  /// Makes names that were made or changed survive a power cut.
  private func syncDirectory() {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    // Not every file system can; then there is nothing to be done.
    fsync(descriptor)
    close(descriptor)
  }

  /// Bytes of what has this name, be it a link that leads nowhere; nil when nothing has it.
  static func size(of path: String) -> Int64? {
    var status = stat()
    return lstat(path, &status) == 0 ? Int64(status.st_size) : nil
  }

  private static func resolved(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

/// The system's words for an errno.
func reason(_ error: Int32) -> String {
  String(cString: strerror(error))
}
