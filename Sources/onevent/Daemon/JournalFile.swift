// SPDX-License-Identifier: Apache-2.0

import Journal

/// A journal that no daemon holds.
enum JournalFile {
  static func snapshot(of path: String) throws(JournalError) -> any JournalReading {
    throw .unreachable(path: path, reason: "not there yet")
  }
}
