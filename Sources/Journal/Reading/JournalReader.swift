// SPDX-License-Identifier: Apache-2.0

/// Answers questions about a journal on a thread of its own, by a connection that only reads.
///
/// It never writes and never checkpoints. Every question sees one state of the journal, whatever is committed
/// meanwhile, and may take two seconds. At most 64 wait; more are refused at once. When the journal was set aside, or
/// the disk was in trouble, the next question is answered by what is there then.
package final class JournalReader: JournalReading {
  private let queue: QueryQueue

  /// Starts the thread; the file is opened with the first question, and need not be there before.
  package convenience init(path: String) throws(JournalError) {
    try self.init(path: JournalFiles(path).path, limit: .seconds(2), directory: nil)
  }

  init(
    path: String, limit: Duration, directory: TemporaryDirectory?, capacity: Int = 64
  ) throws(JournalError) {
    let queue = QueryQueue(capacity: capacity)
    self.queue = queue
    let error = ReadingThread.start {
      let session = ReadingSession(path: path, limit: limit, directory: directory)
      while let question = queue.take() { question(session) }
    }
    guard error == 0 else {
      throw .unreachable(path: path, reason: "there is no thread to read it (\(reason(error))): allow more of them")
    }
  }

  deinit { queue.close() }

  /// Answers one question on the thread.
  func ask<Value: Sendable>(
    _ question: @escaping @Sendable (borrowing Connection) throws(SQLiteError) -> Value
  ) async throws(JournalError) -> Value {
    let answer: Result<Value, JournalError> = await withCheckedContinuation { continuation in
      let isTaken = queue.put { session in
        do throws(JournalError) {
          continuation.resume(returning: .success(try session.answer(question)))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
      if !isTaken { continuation.resume(returning: .failure(.busy(waiting: queue.capacity))) }
    }
    return try answer.get()
  }

  package func events(_ query: EventQuery) async throws(JournalError) -> [StoredEvent] {
    try await ask { connection throws(SQLiteError) in try EventListing.rows(query, connection) }
  }

  package func event(_ number: Int64) async throws(JournalError) -> StoredEvent? {
    try await ask { connection throws(SQLiteError) in try EventListing.row(number, connection) }
  }

  package func content(ofEvent number: Int64) async throws(JournalError) -> StoredContent? {
    try await ask { connection throws(SQLiteError) in try Details.content(number, connection) }
  }

  package func eventNumbers(withID id: String) async throws(JournalError) -> [Int64] {
    try await ask { connection throws(SQLiteError) in try Details.eventNumbers(id, connection) }
  }

  package func runs(_ query: RunQuery) async throws(JournalError) -> [StoredRun] {
    try await ask { connection throws(SQLiteError) in try RunListing.rows(query, connection) }
  }

  package func run(_ number: Int64) async throws(JournalError) -> StoredRun? {
    try await ask { connection throws(SQLiteError) in try RunListing.row(number, connection) }
  }

  package func runs(withID prefix: String) async throws(JournalError) -> [StoredRun] {
    guard let range = IDRange(prefix) else { return [] }
    return try await ask { connection throws(SQLiteError) in
      try RunListing.rows(idFrom: range.lowest, to: range.highest, connection)
    }
  }

  package func attempts(ofRun number: Int64) async throws(JournalError) -> [StoredAttempt] {
    try await ask { connection throws(SQLiteError) in try Details.attempts(number, connection) }
  }

  package func types() async throws(JournalError) -> [StoredType] {
    try await ask { connection throws(SQLiteError) in try Details.types(connection) }
  }

  /// When the oldest pending run of each action was accepted: nanoseconds since 1970.
  ///
  /// Of the runs of one action the first in order counts; an action without a pending run is left out.
  package func oldestPendingRuns() async throws(JournalError) -> [String: Int64] {
    try await ask { connection throws(SQLiteError) in try RunListing.oldestPending(connection) }
  }

  package func latest() async throws(JournalError) -> (event: Int64, change: Int64) {
    try await ask { connection throws(SQLiteError) in try Details.latest(connection) }
  }
}

/// The ids of 16 bytes that begin with some hexadecimal digits.
struct IDRange: Sendable {
  let lowest: [UInt8]
  let highest: [UInt8]

  /// Nil when it is not 1 to 32 hexadecimal digits: then no id begins so.
  init?(_ prefix: String) {
    let digits = prefix.compactMap(\.hexDigitValue)
    guard digits.count == prefix.count, 1...32 ~= digits.count else { return nil }
    lowest = Self.bytes(digits, rest: 0)
    highest = Self.bytes(digits, rest: 15)
  }

  private static func bytes(_ digits: [Int], rest: Int) -> [UInt8] {
    let all = digits + [Int](repeating: rest, count: 32 - digits.count)
    return stride(from: 0, to: 32, by: 2).map { UInt8(truncatingIfNeeded: all[$0] << 4 | all[$0 + 1]) }
  }
}
