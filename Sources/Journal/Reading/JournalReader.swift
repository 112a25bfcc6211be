// SPDX-License-Identifier: Apache-2.0

/// Answers questions about a journal on threads of its own, by connections that only read.
///
/// They never write and never checkpoint. Every question sees one state of the journal, whatever is committed
/// meanwhile. Lists may take two seconds; searches for text and aggregates, which may take five, have a thread of their
/// own, so that lists do not wait for them. At most 64 of each wait; more are refused at once. When the journal was set
/// aside, or the disk was in trouble, the next question is answered by what is there then.
package final class JournalReader: JournalReading {
  /// What a question may take.
  struct Limits: Sendable {
    var list = Duration.seconds(2)
    var long = Duration.seconds(5)
    /// What counting all pages of a list may take: it is not worth more.
    var count = Duration.milliseconds(50)
    /// Questions of each kind that wait.
    var waiting = 64
  }

  private let queue: QueryQueue
  private let longQueue: QueryQueue
  private let bodies: BodyReaders
  private let limits: Limits

  /// Starts the threads; the file is opened with the first question, and need not be there before.
  package convenience init(
    path: String, bodies: @escaping BodyReaders = { PlainBodies() }
  ) throws(JournalError) {
    try self.init(path: JournalFiles(path).path, bodies: bodies, limits: Limits(), directory: nil)
  }

  /// For a copy, `directory` is where it lies, and nothing else; one thread has it.
  init(
    path: String, bodies: @escaping BodyReaders, limits: Limits, directory: TemporaryDirectory?
  ) throws(JournalError) {
    self.bodies = bodies
    self.limits = limits
    queue = try Self.thread(path, limits.list, limits.waiting, directory)
    longQueue = directory == nil ? try Self.thread(path, limits.long, limits.waiting, nil) : queue
  }

  private static func thread(
    _ path: String, _ limit: Duration, _ capacity: Int, _ directory: TemporaryDirectory?
  ) throws(JournalError) -> QueryQueue {
    let queue = QueryQueue(capacity: capacity)
    let error = ReadingThread.start {
      let session = ReadingSession(path: path, limit: limit, directory: directory)
      while let question = queue.take() { question(session) }
    }
    guard error == 0 else {
      throw .unreachable(path: path, reason: "there is no thread to read it (\(reason(error))): allow more of them")
    }
    return queue
  }

  deinit {
    queue.close()
    longQueue.close()
  }

  /// Answers one question on a thread, within less time than it has there if a limit is given.
  func ask<Value: Sendable>(
    isLong: Bool = false, within limit: Duration? = nil,
    _ question: @escaping @Sendable (borrowing Connection) throws(SQLiteError) -> Value
  ) async throws(JournalError) -> Value {
    let queue = isLong ? longQueue : queue
    let answer: Result<Value, JournalError> = await withCheckedContinuation { continuation in
      let isTaken = queue.put { session in
        do throws(JournalError) {
          continuation.resume(returning: .success(try session.answer(within: limit, question)))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
      if !isTaken { continuation.resume(returning: .failure(.busy(waiting: queue.capacity))) }
    }
    return try answer.get()
  }

  package func events(_ query: EventQuery) async throws(JournalError) -> [StoredEvent] {
    try await ask(isLong: query.text != nil) { [bodies] connection throws(SQLiteError) in
      try EventListing.rows(query, bodies(), connection)
    }
  }

  package func count(_ query: EventQuery) async throws(JournalError) -> BoundedCount {
    try await ask(isLong: query.text != nil, within: limits.count) { [bodies] connection throws(SQLiteError) in
      try EventListing.count(query, bodies(), connection)
    }
  }

  package func aggregate(_ query: AggregateQuery) async throws(JournalError) -> Aggregation {
    try await ask(isLong: true) { [bodies] connection throws(SQLiteError) in
      try Aggregating.answer(query, bodies(), connection)
    }.get()
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

  package func count(_ query: RunQuery) async throws(JournalError) -> BoundedCount {
    try await ask(within: limits.count) { connection throws(SQLiteError) in try RunListing.count(query, connection) }
  }

  package func runs(ofEvents events: [Int64], limit: Int) async throws(JournalError) -> [StoredRun] {
    try await ask { connection throws(SQLiteError) in
      try RunListing.rows(ofEvents: events, limit: limit, connection)
    }
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

  package func objectKinds() async throws(JournalError) -> [String] {
    try await ask { connection throws(SQLiteError) in try NameLookup.kinds(connection) }
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
