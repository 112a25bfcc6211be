// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Glibc

/// What is wrong with the disk that a journal lies on.
package enum DiskTrouble: String, Sendable, CaseIterable {
  case full
  case readOnly = "read-only"
  case inputOutput = "input/output error"
  case corrupt
  case other

  /// A sentence for status and log: what happened to the journal, and what a person can do.
  package func sentence(about path: String) -> String {
    switch self {
    case .full:
      "there is no room for the journal \(path): free some of its file system, or lower max_size under [journal]"
    case .readOnly:
      "the journal \(path) cannot be written: mount its file system for writing, and let the daemon's user own it"
    case .inputOutput:
      "the disk failed under the journal \(path): look for its errors in the kernel's log, and replace it if need be"
    case .corrupt:
      "the journal \(path) is damaged: look at the disk; the file is set aside when it is opened next, and a new one begun"
    case .other: "the journal \(path) refused a change"
    }
  }
}

extension SQLiteError {
  /// What the refusal says of the disk; `other` is no trouble of the disk, but of memory, locks or the statement.
  package var trouble: DiskTrouble {
    // A full disk reaches SQLite in many ways; only some of them become SQLITE_FULL.
    switch systemError {
    case ENOSPC, EDQUOT, EFBIG: return .full
    case EROFS: return .readOnly
    default: break
    }
    switch primaryCode {
    case SQLITE_FULL: return .full
    case SQLITE_READONLY, SQLITE_PERM: return .readOnly
    case SQLITE_CORRUPT, SQLITE_NOTADB: return .corrupt
    case SQLITE_IOERR where code == IOErrorCode.noMemory: return .other
    case SQLITE_IOERR: return .inputOutput
    case SQLITE_CANTOPEN where systemError == EACCES || systemError == EPERM: return .readOnly
    case SQLITE_CANTOPEN where systemError == EIO: return .inputOutput
    default: return .other
    }
  }

  /// Extended codes, which are macros with arithmetic in them that Swift does not import.
  private enum IOErrorCode {
    static let noMemory = SQLITE_IOERR | 12 << 8
  }
}
