// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Lets the writer empty a write-ahead log that has grown large, for which it needs a moment without readers.
///
/// One question after another, on two threads, might never leave it one, and the log would grow as long as they last.
enum LogRoom {
  /// Bytes: twice what the writer wants to empty.
  private static let large: Int64 = 128 << 20

  /// Waits while the log is large, two seconds at most: by then every question that was under way has an end in sight.
  static func wait(for path: String) {
    var patience = 100
    while patience > 0, let size = JournalFiles.size(of: path + "-wal"), size > large {
      usleep(20_000)
      patience -= 1
    }
  }
}
