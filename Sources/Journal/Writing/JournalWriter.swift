// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Writes a journal: the only one that does, on one thread.
///
/// Every change happens inside `transaction`, and is true only once that has returned. After a failed transaction the
/// file is as it was before it, and so is this object.
package final class JournalWriter {
  let connection: Connection
  let statements: WriterStatements
  /// Grows with every change of a run; the places in the lanes are of the same sequence.
  package private(set) var sequence: Int64
  private var ids = Interned()
  private var times: Times
  /// Where the files have to be for a commit to be worth anything.
  var place: FilePlace?
  /// The highest numbers that were given.
  var numbers: (event: Int64, run: Int64)

  /// Numbers that stand for names, as the file has them.
  private struct Interned {
    var sources: [String: Int64] = [:]
    var types: [String: Int64] = [:]
    var actions: [String: Int64] = [:]
  }

  /// How the times of events and runs go with their numbers, in nanoseconds: what `NumberRange` relies on.
  private struct Times {
    var latest: Int64
    var disorder: Int64
  }

  init(_ connection: consuming Connection) throws(SQLiteError) {
    statements = try WriterStatements(connection)
    self.connection = connection
    let highest = try self.connection.prepare("SELECT max(change) FROM runs").first { row throws(SQLiteError) in
      row.integer(0)
    }
    let noted = try self.connection.prepare("SELECT value FROM facts WHERE name = 'sequence'").first {
      row throws(SQLiteError) in row.integer(0)
    }
    sequence = max(highest ?? 0, noted ?? 0)
    let disorder = try self.connection.prepare("SELECT value FROM facts WHERE name = 'disorder'").first {
      row throws(SQLiteError) in row.integer(0)
    }
    let last = try self.connection.prepare(
      """
      SELECT max(coalesce((SELECT received FROM events ORDER BY number DESC LIMIT 1), 0),
        coalesce((SELECT created FROM runs ORDER BY number DESC LIMIT 1), 0))
      """
    ).first { row throws(SQLiteError) in row.integer(0) }
    // An earlier one may have been so much later.
    let (latest, isBeyond) = (last ?? 0).addingReportingOverflow(disorder ?? 0)
    times = Times(latest: isBeyond ? .max : latest, disorder: disorder ?? 0)
    let given = try self.connection.prepare("SELECT seq FROM sqlite_sequence WHERE name = ?1")
    numbers = (
      try given.first(.text("events")) { row throws(SQLiteError) in row.integer(0) } ?? 0,
      try given.first(.text("runs")) { row throws(SQLiteError) in row.integer(0) } ?? 0
    )
  }

  /// Gives no number again that was given by a file in whose place this one, a new or an older one, came.
  func follow(event: Int64, run: Int64, sequence last: Int64) throws(SQLiteError) {
    guard numbers.event < event || numbers.run < run || sequence < last else { return }
    let (event, run, last) = (max(numbers.event, event), max(numbers.run, run), max(sequence, last))
    let reserve = try connection.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)")
    try transaction(isDurable: true) { () throws(SQLiteError) in
      try connection.execute("DELETE FROM sqlite_sequence WHERE name IN ('events', 'runs')")
      try reserve.run(.text("events"), .integer(event))
      try reserve.run(.text("runs"), .integer(run))
      try setFact("sequence", String(last))
      // Of what the other file held nobody knows what this one has.
      try forget(.events, upTo: event)
      try forget(.changes, upTo: last)
    }
    numbers = (event, run)
    sequence = last
  }

  /// Makes several changes one.
  ///
  /// What is durable survives a power cut once this has returned; other changes survive the end of the process only,
  /// and a power cut takes them back together with all that came after them. What `body` throws takes everything back.
  package func transaction<Value>(
    isDurable: Bool, _ body: () throws(SQLiteError) -> Value
  ) throws(SQLiteError) -> Value {
    let before = (sequence, ids, times)
    do throws(SQLiteError) {
      try setDurable(isDurable)
      try statements.begin.run()
      let value = try body()
      try place?.check()
      let began = clinux_monotonic_time()
      try statements.commit.run()
      lastCommit = clinux_monotonic_time() - began
      return value
    } catch {
      // SQLite has rolled back by itself on some errors.
      if connection.isInTransaction { try? connection.execute("ROLLBACK") }
      (sequence, ids, times) = before
      throw error
    }
  }

  /// How long the last commit took: nanoseconds.
  package private(set) var lastCommit: Int64 = 0

  /// What `sync` of the configuration allows for; see `transaction`.
  package var syncsCommits = true
  private var isSynced: Bool?

  private func setDurable(_ isDurable: Bool) throws(SQLiteError) {
    let isSynced = isDurable && syncsCommits
    guard isSynced != self.isSynced else { return }
    try connection.execute(isSynced ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
    self.isSynced = isSynced
  }

  func nextInSequence() -> Int64 {
    sequence += 1
    return sequence
  }

  /// Notes the time of a new event or run, and how far it lies before the latest one.
  func note(time: Int64) throws(SQLiteError) {
    if time >= times.latest {
      times.latest = time
      return
    }
    let (disorder, isBeyond) = times.latest.subtractingReportingOverflow(time)
    guard isBeyond || disorder > times.disorder else { return }
    // Twice as much as it has to be, so that a clock that goes back step by step is seldom written down.
    let (doubled, isHuge) = disorder.multipliedReportingOverflow(by: 2)
    times.disorder = isBeyond || isHuge ? .max : doubled
    try setFact("disorder", String(times.disorder))
  }

  // MARK: Names

  func sourceID(_ name: String) throws(SQLiteError) -> Int64 {
    if let id = ids.sources[name] { return id }
    let id = try statements.internSource.first(.text(name)) { row throws(SQLiteError) in row.integer(0) } ?? 0
    ids.sources[name] = id
    return id
  }

  func typeID(_ name: String) throws(SQLiteError) -> Int64 {
    if let id = ids.types[name] { return id }
    let id = try statements.internType.first(.text(name)) { row throws(SQLiteError) in row.integer(0) } ?? 0
    // Senders choose types; what is remembered of them is bounded.
    if ids.types.count >= 10_000 { ids.types.removeAll() }
    ids.types[name] = id
    return id
  }

  /// The number that stands for an action in runs.
  package func actionID(_ name: String) throws(SQLiteError) -> Int64 {
    if let id = ids.actions[name] { return id }
    let id = try statements.internAction.first(.text(name)) { row throws(SQLiteError) in row.integer(0) } ?? 0
    ids.actions[name] = id
    return id
  }

  /// Copies the log into the file where it has grown; to be called between transactions.
  package func checkpoint() throws(SQLiteError) {
    _ = try connection.checkpoint()
  }

  /// Copies all of the log into the file and empties it, as at a clean end.
  package func finish() throws(SQLiteError) {
    _ = try connection.checkpoint(truncates: true)
  }

  // MARK: Facts

  package func fact(_ name: String) throws(SQLiteError) -> String? {
    try statements.fact.first(.text(name)) { row throws(SQLiteError) in row.text(0) }
  }

  package func setFact(_ name: String, _ value: String) throws(SQLiteError) {
    try statements.setFact.run(.text(name), .text(value))
  }

  /// Notes how far the sequence has come, before runs are deleted that show it.
  func noteSequence() throws(SQLiteError) {
    try statements.setFact.run(.text("sequence"), .integer(sequence))
  }
}
