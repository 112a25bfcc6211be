// SPDX-License-Identifier: Apache-2.0

/// A run that was running when its daemon ended.
package struct CutOffRun: Sendable {
  package var run: RunRecord
  package var attempt: Int64
  package var boot: String
  package var pid: Int32?
  /// Clock ticks since boot.
  package var pidStart: Int64?
}

/// How many runs wait for something.
package struct OpenCounts: Sendable {
  /// By action and state; an action's runs that are held are not among them.
  package var byAction: [String: [RunState: Int]] = [:]
  package var held = 0
  package var failed = 0
}

extension JournalWriter {
  /// Runs that an earlier daemon did not see end.
  package func cutOffRuns() throws(SQLiteError) -> [CutOffRun] {
    let numbers = try connection.prepare(
      "SELECT number, attempts FROM runs WHERE ended IS NULL AND state = 'running' ORDER BY place"
    ).all { row throws(SQLiteError) in (row.integer(0), row.integer(1)) }
    let mark = try connection.prepare("SELECT boot, pid, pid_start FROM attempts WHERE run = ?1 AND attempt = ?2")
    var cutOff: [CutOffRun] = []
    for (number, attempt) in numbers {
      guard let facts = try facts(ofRun: number) else { continue }
      let run = try mark.first(.integer(number), .integer(attempt)) { row throws(SQLiteError) in
        CutOffRun(
          run: facts, attempt: attempt, boot: row.text(0), pid: row.optionalInteger(1).flatMap { Int32(exactly: $0) },
          pidStart: row.optionalInteger(2))
      }
      if let run { cutOff.append(run) }
    }
    return cutOff
  }

  /// Takes back the start mark of an attempt that never was.
  package func undoStart(of cutOff: CutOffRun) throws(SQLiteError) {
    try connection.prepare("DELETE FROM attempts WHERE run = ?1 AND attempt = ?2").run(
      .integer(cutOff.run.number), .integer(cutOff.attempt))
    try connection.prepare("UPDATE runs SET attempts = attempts - 1 WHERE number = ?1").run(
      .integer(cutOff.run.number))
    _ = try putBack(cutOff.run, isAside: false, unclean: cutOff.run.unclean, reason: nil)
  }

  /// Counts open runs, at start.
  package func openCounts() throws(SQLiteError) -> OpenCounts {
    var counts = OpenCounts()
    let open = try connection.prepare(
      """
      SELECT a.name, r.state, count(*) FROM runs r JOIN actions a ON a.id = r.action
      WHERE r.ended IS NULL GROUP BY r.action, r.state
      """
    ).all { row throws(SQLiteError) in (row.text(0), RunState(rawValue: row.text(1)), Int(row.integer(2))) }
    for (action, state, count) in open {
      guard let state else { continue }
      if state == .held { counts.held += count } else { counts.byAction[action, default: [:]][state] = count }
    }
    counts.failed =
      try connection.prepare(
        "SELECT count(*) FROM runs WHERE state = 'failed'"
      ).first { row throws(SQLiteError) in Int(row.integer(0)) } ?? 0
    return counts
  }

  /// Finds the times of waiting runs again after a boot, from the wall clock; none waits longer than it was to.
  ///
  /// `now` is in nanoseconds of `CLOCK_BOOTTIME`, `wall` in nanoseconds since 1970.
  package func translateDueTimes(now: Int64, wall: Int64) throws(SQLiteError) {
    try connection.prepare(
      "UPDATE runs SET due = ?1 + min(max(due_wall - ?2, 0), delay) WHERE due IS NOT NULL"
    ).run(.integer(now), .integer(wall))
  }

  /// Takes the open runs of events that are settled with their runs out of the lanes: each waits for its redelivery.
  ///
  /// Returns how many these are.
  package func awaitRedeliveries(except events: Set<Int64> = []) throws(SQLiteError) -> Int {
    let waiting = try connection.prepare(
      """
      SELECT r.number, r.event FROM runs r JOIN events e ON e.number = r.event
      WHERE r.ended IS NULL AND r.state IN ('pending', 'waiting') AND r.queued = 1 AND e.settle = 'run' ORDER BY r.place
      """
    ).all { row throws(SQLiteError) in (number: row.integer(0), event: row.integer(1)) }
      .filter { !events.contains($0.event) }
    for (number, _) in waiting {
      guard let run = try facts(ofRun: number) else { continue }
      _ = try stepAside(run, reason: "its event's redelivery is awaited")
    }
    return waiting.count
  }

  /// Holds every pending or waiting run whose action is none of these.
  ///
  /// Returns how many runs of which action.
  package func holdRuns(
    exceptOfActions names: Set<String>, at time: Int64, reason: (_ action: String) -> String
  ) throws(SQLiteError) -> [String: Int] {
    let known = try connection.prepare("SELECT name FROM actions ORDER BY id").all { row throws(SQLiteError) in
      row.text(0)
    }
    var held: [String: Int] = [:]
    for name in known where !names.contains(name) {
      var place: Int64 = 0
      while true {
        let runs = try openRuns(ofAction: name, states: [.pending, .waiting], after: place, limit: 1_000)
        guard let last = runs.last else { break }
        place = last.place
        for (number, _) in runs {
          guard let run = try facts(ofRun: number) else { continue }
          _ = try end(run, as: .held, at: time, outcome: nil, reason: reason(name))
          held[name, default: 0] += 1
        }
      }
    }
    return held
  }
}
