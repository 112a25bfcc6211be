// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Answers questions from a copy of a journal whose daemon is down.
///
/// SQLite never opens the original, which stays as it is byte for byte. While the files are copied no daemon may start;
/// one that runs is told of by `JournalError.locked`. The copy is private, and removed as soon as it is open.
package final class JournalSnapshot: JournalReading {
  private let reader: JournalReader

  /// Copies a journal; blocks as long as that takes.
  package convenience init(
    of path: String, bodies: @escaping BodyReaders = { PlainBodies() }
  ) throws(JournalError) {
    try self.init(of: path, bodies: bodies, limit: .seconds(30))
  }

  init(
    of path: String, bodies: @escaping BodyReaders = { PlainBodies() }, limit: Duration,
    migrations: [String] = Schema.migrations
  ) throws(JournalError) {
    let files = JournalFiles(path)
    guard files.size != nil else {
      throw .unreachable(
        path: path, reason: "it is not there: either no daemon ran yet, or another path is under [journal]")
    }
    let directory = try TemporaryDirectory(for: path)
    try Self.copy(files, to: directory)
    try Self.prepare(directory, for: path, migrations)
    let limits = JournalReader.Limits(list: limit, long: limit, count: limit)
    reader = try JournalReader(path: directory.database, bodies: bodies, limits: limits, directory: directory)
  }

  private static func copy(_ files: JournalFiles, to directory: TemporaryDirectory) throws(JournalError) {
    let lock = try JournalLock.shared(files)
    let log = JournalFiles.size(of: files.log)
    do throws(FileCopy.Failure) {
      try FileCopy.copy(files.path, to: directory.database, keepsFree: (log ?? 0) &+ 16 << 20)
      if log != nil { try FileCopy.copy(files.log, to: directory.database + "-wal", keepsFree: 16 << 20) }
    } catch {
      throw .unreachable(path: files.path, reason: error.description)
    }
    _ = consume lock
  }

  /// Brings the copy to the present schema, which is the one that the questions are written for.
  private static func prepare(
    _ directory: TemporaryDirectory, for path: String, _ migrations: [String]
  ) throws(JournalError) {
    do {
      _ = try DatabaseOpening.connection(JournalFiles(directory.database), sync: .normal, migrations: migrations)
    } catch {
      switch error {
      case .damaged(let reason):
        throw .unreachable(path: path, reason: "it is damaged (\(reason)): the daemon sets it aside when it starts")
      case .refused(.newer(_, let version, let known)): throw .newer(path: path, version: version, known: known)
      case .refused(.foreign): throw .foreign(path: path)
      case .refused(let error): throw error
      }
    }
  }

  package func events(_ query: EventQuery) async throws(JournalError) -> [StoredEvent] {
    try await reader.events(query)
  }

  package func count(_ query: EventQuery) async throws(JournalError) -> BoundedCount { try await reader.count(query) }

  package func aggregate(_ query: AggregateQuery) async throws(JournalError) -> Aggregation {
    try await reader.aggregate(query)
  }

  package func event(_ number: Int64) async throws(JournalError) -> StoredEvent? { try await reader.event(number) }

  package func content(ofEvent number: Int64) async throws(JournalError) -> StoredContent? {
    try await reader.content(ofEvent: number)
  }

  package func eventNumbers(withID id: String) async throws(JournalError) -> [Int64] {
    try await reader.eventNumbers(withID: id)
  }

  package func runs(_ query: RunQuery) async throws(JournalError) -> [StoredRun] { try await reader.runs(query) }

  package func count(_ query: RunQuery) async throws(JournalError) -> BoundedCount { try await reader.count(query) }

  package func runs(ofEvents events: [Int64], limit: Int) async throws(JournalError) -> [StoredRun] {
    try await reader.runs(ofEvents: events, limit: limit)
  }

  package func run(_ number: Int64) async throws(JournalError) -> StoredRun? { try await reader.run(number) }

  package func runs(withID prefix: String) async throws(JournalError) -> [StoredRun] {
    try await reader.runs(withID: prefix)
  }

  package func attempts(ofRun number: Int64) async throws(JournalError) -> [StoredAttempt] {
    try await reader.attempts(ofRun: number)
  }

  package func objectKinds() async throws(JournalError) -> [String] { try await reader.objectKinds() }

  package func types() async throws(JournalError) -> [StoredType] { try await reader.types() }

  package func latest() async throws(JournalError) -> (event: Int64, change: Int64) { try await reader.latest() }
}
