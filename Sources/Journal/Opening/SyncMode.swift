// SPDX-License-Identifier: Apache-2.0

/// How far a committed transaction has come.
package enum SyncMode: String, Sendable, CaseIterable {
  /// Onto the disk: it survives a power cut.
  case full
  /// Into the write-ahead log: it survives the end of the process. A power cut takes back the last ones, whole.
  case normal
}

extension Connection {
  /// Sets what the next commits wait for; not inside a transaction, where SQLite would ignore it.
  ///
  /// Meaning in WAL mode: sqlite.org/pragma.html#pragma_synchronous.
  borrowing func setSync(_ mode: SyncMode) throws(SQLiteError) {
    switch mode {
    case .full: try execute("PRAGMA synchronous = FULL")
    case .normal: try execute("PRAGMA synchronous = NORMAL")
    }
  }
}
