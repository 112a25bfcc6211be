// SPDX-License-Identifier: Apache-2.0

/// Why a journal cannot be used.
package enum JournalError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Another daemon has it: who, as its lock file says.
  case locked(path: String, holder: String)
  /// A later version of onevent wrote it.
  case newer(path: String, version: Int, known: Int)
  /// A SQLite file, but none of ours.
  case foreign(path: String)
  /// The directory, the lock or the file cannot be made or opened.
  case unreachable(path: String, reason: String)
  case sqlite(SQLiteError)
  /// A query took longer than it may.
  case tooSlow(limit: Duration)
  /// An aggregate has more rows than are answered.
  case tooManyRows(limit: Int)
  /// More queries wait than are let wait.
  case busy(waiting: Int)

  package var description: String {
    switch self {
    case .locked(let path, let holder):
      "the journal \(path) is in use by \(holder): one daemon per journal; stop that one, or name another path under "
        + "[journal]"
    case .newer(let path, let version, let known):
      "the journal \(path) was written by a later version of onevent (schema \(version), this one knows \(known)): "
        + "install that version again, or name another path under [journal]"
    case .foreign(let path):
      "\(path) is a database of another program, not a journal of onevent: name another path under [journal]"
    case .unreachable(let path, let reason): "the journal \(path) cannot be used: \(reason)"
    case .sqlite(let error): "the journal refused: \(error)"
    case .tooSlow(let limit): "the journal did not answer within \(limit): ask for less, such as a shorter time range"
    case .tooManyRows(let limit):
      "the answer has more than \(limit) rows: ask for longer buckets, a shorter time range, or fewer groups"
    case .busy(let waiting): "the journal has \(waiting) queries to answer before this one: ask again in a moment"
    }
  }
}
