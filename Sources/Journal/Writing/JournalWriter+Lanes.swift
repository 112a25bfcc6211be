// SPDX-License-Identifier: Apache-2.0

/// When a waiting run is tried again.
package struct Postponement: Sendable {
  /// Nanoseconds of `CLOCK_BOOTTIME`, and since 1970.
  package var due: Int64
  package var dueWall: Int64
  /// Nanoseconds.
  package var delay: Int64

  package init(due: Int64, dueWall: Int64, delay: Int64) {
    self.due = due
    self.dueWall = dueWall
    self.delay = delay
  }
}

extension JournalWriter {
  /// Runs of an action that may start, in the order of their places.
  package func heads(ofAction action: Int64, after place: Int64, limit: Int) throws(SQLiteError) -> [QueuedRun] {
    try statements.heads.all(.integer(action), .integer(place), .integer(limit)) { row throws(SQLiteError) in
      QueuedRun(number: row.integer(0), action: action, place: row.integer(1), isHead: true)
    }
  }

  /// The actions that have runs which may start.
  package func actionsWithHeads() throws(SQLiteError) -> [Int64] {
    try connection.prepare("SELECT DISTINCT action FROM runs WHERE head = 1").all { row throws(SQLiteError) in
      row.integer(0)
    }
  }

  /// Takes a run out of its lane for good, or holds it.
  ///
  /// The run that is returned may start in its place.
  package func end(
    _ run: RunRecord, as state: RunState, at time: Int64, outcome: String?, reason: String?
  ) throws(SQLiteError) -> QueuedRun? {
    try statements.endRun.run(
      .integer(run.number), .text(state.rawValue), state.isEnded ? .integer(time) : .null, .optional(outcome),
      .optional(reason), .integer(nextInSequence()))
    return try promote(in: run.lane)
  }

  /// Lets a run wait for its next attempt; it keeps its place in its lane.
  package func postpone(
    _ run: RunRecord, _ postponement: Postponement, failures: Int64, unclean: Int64, outcome: String?, reason: String?
  ) throws(SQLiteError) {
    try statements.postpone.run(
      .integer(run.number), .integer(postponement.due), .integer(postponement.dueWall), .integer(postponement.delay),
      .integer(failures), .integer(unclean), .optional(outcome), .optional(reason), .integer(nextInSequence()))
  }

  /// Makes a run that was started pending again, at its place; aside when it stands in no lane for now.
  package func putBack(
    _ run: RunRecord, isAside: Bool, unclean: Int64, reason: String?
  ) throws(SQLiteError) -> QueuedRun {
    try statements.putBack.run(
      .integer(run.number), .boolean(!isAside), .boolean(!isAside), .integer(unclean), .optional(reason),
      .integer(nextInSequence()))
    return QueuedRun(
      number: run.number, action: try actionID(run.action), place: run.place, isHead: !isAside)
  }

  /// Makes the waiting runs pending whose time, in nanoseconds of `CLOCK_BOOTTIME`, has come; at most `limit` of them.
  package func takeDue(now: Int64, limit: Int) throws(SQLiteError) -> [QueuedRun] {
    let due = try statements.due.all(.integer(now), .integer(limit)) { row throws(SQLiteError) in
      QueuedRun(number: row.integer(0), action: row.integer(1), place: row.integer(2), isHead: true)
    }
    for run in due { try statements.becomeDue.run(.integer(run.number), .integer(nextInSequence())) }
    return due
  }

  /// When the next waiting run is due: nanoseconds of `CLOCK_BOOTTIME`.
  package func nextDue() throws(SQLiteError) -> Int64? {
    try statements.nextDue.first { row throws(SQLiteError) in row.optionalInteger(0) } ?? nil
  }

  /// Makes the first run of a lane its head, where it is none yet.
  func promote(in lane: Int64?) throws(SQLiteError) -> QueuedRun? {
    guard let lane else { return nil }
    let first = try statements.headOfLane.first(.integer(lane)) { row throws(SQLiteError) in
      (
        QueuedRun(number: row.integer(0), action: row.integer(1), place: row.integer(2), isHead: true),
        isReady: row.text(3) == RunState.pending.rawValue && !row.boolean(4)
      )
    }
    guard let first, first.isReady else { return nil }
    try statements.makeHead.run(.integer(first.0.number))
    return first.0
  }
}
