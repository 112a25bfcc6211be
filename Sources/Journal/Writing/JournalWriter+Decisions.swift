// SPDX-License-Identifier: Apache-2.0

/// What a person said about an action, and what the file said at that time.
package struct ActionStatus: Sendable, Equatable {
  package enum Word: String, Sendable {
    /// Its runs wait, or there are none, as `on_suspend` says.
    case suspended
    /// It matches and counts, and runs nothing.
    case observe
  }

  package var word: Word
  /// Nanoseconds since 1970.
  package var since: Int64
  /// `enabled` of the file when it was said: once that changes, the file counts again.
  package var configured: String

  package init(_ word: Word, since: Int64, configured: String) {
    self.word = word
    self.since = since
    self.configured = configured
  }
}

/// A stored event, as far as decisions about it need it.
package struct EventRow: Sendable {
  package var source: String
  package var type: String
  package var result: EventResult
  package var reason: String?
  package var subject: String?
  /// A JSON object, kind to name.
  package var objects: String
}

extension JournalWriter {
  /// Puts a run that waits for a person, or waits aside, at the end of its lane.
  ///
  /// One whose action is suspended stands aside, in no lane. A fresh one has all its retries again, as after a person's
  /// decision.
  package func rejoin(_ run: RunRecord, isAside: Bool, isFresh: Bool) throws(SQLiteError) -> QueuedRun {
    var isHead = !isAside
    if isHead, let lane = run.lane {
      isHead = try !(statements.laneIsTaken.first(.integer(lane)) { _ throws(SQLiteError) in true } ?? false)
    }
    let place = nextInSequence()
    try statements.rejoin.run(
      .integer(run.number), .boolean(!isAside), .boolean(isHead), .integer(place),
      .integer(isFresh ? 0 : run.failures), .integer(isFresh ? 0 : run.unclean))
    return QueuedRun(number: run.number, action: try actionID(run.action), place: place, isHead: isHead)
  }

  /// Takes a run out of its lane without an end: it waits aside.
  ///
  /// The run that is returned may start in its place.
  package func stepAside(_ run: RunRecord, reason: String?) throws(SQLiteError) -> QueuedRun? {
    _ = try putBack(run, isAside: true, unclean: run.unclean, reason: reason)
    return try promote(in: run.lane)
  }

  /// Numbers of an action's runs that have not ended, oldest place first, above one place.
  package func openRuns(
    ofAction action: String, states: [RunState], after place: Int64, limit: Int
  ) throws(SQLiteError) -> [(number: Int64, place: Int64)] {
    let list = states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    return try connection.prepare(
      """
      SELECT number, place FROM runs
      WHERE ended IS NULL AND action = ?1 AND place > ?2 AND state IN (\(list)) ORDER BY place LIMIT ?3
      """
    ).all(.integer(try actionID(action)), .integer(place), .integer(limit)) { row throws(SQLiteError) in
      (row.integer(0), row.integer(1))
    }
  }

  /// The runs of an event that have not ended.
  package func openRuns(ofEvent event: Int64) throws(SQLiteError) -> [Int64] {
    try statements.openRunsOfEvent.all(.integer(event)) { row throws(SQLiteError) in row.integer(0) }
  }

  /// The runs in a state that asks for a person, oldest first.
  package func runs(inState state: RunState, action: String?, limit: Int) throws(SQLiteError) -> [Int64] {
    let condition = action == nil ? "" : " AND action = ?3"
    // The state stands in the text, so that the partial index serves.
    let statement = try connection.prepare(
      """
      SELECT number FROM runs WHERE state = '\(state.rawValue)' AND number > ?1\(condition) ORDER BY number LIMIT ?2
      """)
    if let action {
      return try statement.all(.integer(0), .integer(limit), .integer(try actionID(action))) {
        row throws(SQLiteError) in row.integer(0)
      }
    }
    return try statement.all(.integer(0), .integer(limit)) { row throws(SQLiteError) in row.integer(0) }
  }

  // MARK: Actions

  package func statuses() throws(SQLiteError) -> [String: ActionStatus] {
    let all = try connection.prepare(
      "SELECT name, status, status_since, configured FROM actions WHERE status IS NOT NULL"
    ).all { row throws(SQLiteError) in
      (
        row.text(0),
        ActionStatus.Word(rawValue: row.text(1)).map {
          ActionStatus($0, since: row.integer(2), configured: row.text(3))
        }
      )
    }
    return Dictionary(all) { $1 }.compactMapValues(\.self)
  }

  package func setStatus(_ status: ActionStatus?, ofAction name: String) throws(SQLiteError) {
    try connection.prepare("UPDATE actions SET status = ?2, status_since = ?3, configured = ?4 WHERE id = ?1").run(
      .integer(try actionID(name)), .optional(status?.word.rawValue),
      .optional(status?.since), .optional(status?.configured))
  }

  // MARK: Events

  /// Numbers of stored events of certain types by the time of receipt, oldest first, at most `limit` of them: from
  /// `since` on, before `until`, both in nanoseconds since 1970.
  package func events(
    since: Int64?, until: Int64?, limit: Int, where isWanted: (_ type: String) -> Bool
  ) throws(SQLiteError) -> [Int64] {
    var numbers: [Int64] = []
    try connection.prepare(
      """
      SELECT e.number, t.name FROM events e JOIN types t ON t.id = e.type
      WHERE e.received >= ?1 AND e.received < ?2 ORDER BY e.number
      """
    ).rows([.integer(since ?? .min), .integer(until ?? .max)]) { row throws(SQLiteError) in
      if isWanted(row.text(1)) { numbers.append(row.integer(0)) }
      return numbers.count < limit
    }
    return numbers
  }

  package func event(_ number: Int64) throws(SQLiteError) -> EventRow? {
    try statements.event.first(.integer(number)) { row throws(SQLiteError) in
      EventRow(
        source: row.text(0), type: row.text(1), result: EventResult(rawValue: row.text(2)) ?? .matched,
        reason: row.optionalText(3), subject: row.optionalText(4), objects: row.text(5))
    }
  }

  /// Gives an event that could not be decoded the facts that it has now.
  package func redecoded(_ number: Int64, as event: NewEvent) throws(SQLiteError) {
    try connection.prepare(
      """
      UPDATE events SET type = ?2, id = ?3, time = ?4, subject = ?5, result = ?6, objects = ?7, reason = NULL
      WHERE number = ?1
      """
    ).run(
      .integer(number), .integer(try typeID(event.type)), .optional(event.id), .optional(event.time),
      .optional(event.subject), .text(event.result.rawValue), .text(Self.json(event.objects)))
    for object in event.objects {
      try statements.insertObject.run(.text(object.kind), .text(object.name), .integer(number))
    }
  }

  /// Lets an event be settled by another rule from now on.
  package func setSettle(_ settle: SettleMode, ofEvent number: Int64) throws(SQLiteError) {
    try connection.prepare("UPDATE events SET settle = ?2 WHERE number = ?1").run(
      .integer(number), .text(settle.rawValue))
  }
}
