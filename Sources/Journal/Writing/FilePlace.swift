// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The files that a connection has open, told from others that came in their place.
///
/// SQLite goes on writing to files that were removed or renamed; whatever is committed to these is gone with the
/// connection, and nobody would hear of it.
struct FilePlace {
  private struct Node: Equatable {
    var device: dev_t
    var number: ino_t

    init?(_ path: String) {
      var status = stat()
      guard lstat(path, &status) == 0 else { return nil }
      (device, number) = (status.st_dev, status.st_ino)
    }
  }

  private let files: [(path: String, node: Node)]

  /// Notes which files are there now; to be called once the connection has opened both.
  init(_ journal: JournalFiles) {
    files = [journal.path, journal.log].compactMap { path in Node(path).map { (path, $0) } }
  }

  /// Throws when one of them is not where it was.
  func check() throws(SQLiteError) {
    for (path, node) in files where Node(path) != node {
      throw SQLiteError(corruption: "\(path) was removed or replaced while it was in use")
    }
  }
}
