// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A directory for a copy of a journal, only for its owner; removed with what is in it.
///
/// It lies in `TMPDIR`, or in /var/tmp: a journal may have some gigabytes, and /tmp is memory on many systems.
final class TemporaryDirectory: Sendable {
  let path: String

  init(for journal: String) throws(JournalError) {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
    var template = Array((parent + "/onevent-journal.XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
      throw .unreachable(
        path: journal,
        reason: "there is no place for a copy of it in \(parent) (\(reason(errno))): set TMPDIR to another directory")
    }
    path = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { remove() }

  /// The copy of a journal's database in it.
  var database: String { path + "/journal.sqlite" }

  /// Removes it at once; harmless when it is gone.
  func remove() {
    for suffix in ["", "-wal", "-shm", "-journal"] { unlink(database + suffix) }
    rmdir(path)
  }
}
