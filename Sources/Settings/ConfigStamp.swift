// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What files look like from outside: differs as soon as one of them is written, replaced, added or removed.
///
/// Made of what stat(2) says of each, its change time among it, which nobody can set back.
package struct ConfigStamp: Sendable, Equatable {
  private struct Entry: Sendable, Equatable {
    var path: String
    var device: dev_t = 0
    var inode: ino_t = 0
    var size: off_t = 0
    /// Seconds and nanoseconds of the last change to content, and to content or owner or mode.
    var times: [Int] = []

    init(_ path: String) {
      self.path = path
      var facts = stat()
      guard stat(path, &facts) == 0 else { return }
      (device, inode, size) = (facts.st_dev, facts.st_ino, facts.st_size)
      times = [facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec, facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec]
    }
  }

  private let entries: [Entry]

  /// Looks at files; one that is not there is stamped as such.
  package init(of paths: [String]) {
    entries = paths.map(Entry.init)
  }
}
