// SPDX-License-Identifier: Apache-2.0

/// A run as its next attempt needs it.
package struct RunRecord: Sendable {
  package var number: Int64
  /// 32 hexadecimal digits.
  package var id: String
  package var event: Int64
  package var action: String
  package var lane: Int64?
  package var place: Int64
  package var state: RunState
  package var isQueued: Bool
  package var isHead: Bool
  package var attempts: Int64
  package var failures: Int64
  package var unclean: Int64
  package var source: String
  package var eventType: String
  package var subject: String?
  package var settle: SettleMode
  package var isReplay: Bool
  /// When it was accepted: nanoseconds since 1970.
  package var created: Int64
}

/// What an attempt executes, as it is kept.
package struct AttemptStart: Sendable {
  package var run: Int64
  package var attempt: Int64
  /// Nanoseconds since 1970.
  package var started: Int64
  package var program: String
  package var arguments: [[UInt8]]
  package var directory: String
  package var revision: String
  package var boot: String

  package init(
    run: Int64, attempt: Int64, started: Int64, program: String, arguments: [[UInt8]], directory: String,
    revision: String, boot: String
  ) {
    self.run = run
    self.attempt = attempt
    self.started = started
    self.program = program
    self.arguments = arguments
    self.directory = directory
    self.revision = revision
    self.boot = boot
  }
}

/// How an attempt ended, as it is kept.
package struct AttemptEnd: Sendable {
  package var ended: Int64
  /// Nanoseconds.
  package var duration: Int64
  /// `exited 3`, `timed out`.
  package var outcome: String
  package var code: Int64?
  package var reason: String?
  package var pid: Int32?
  package var standardOutput: StoredOutput
  package var standardError: StoredOutput

  package init(
    ended: Int64, duration: Int64, outcome: String, code: Int64?, reason: String?, pid: Int32? = nil,
    standardOutput: StoredOutput, standardError: StoredOutput
  ) {
    self.ended = ended
    self.duration = duration
    self.outcome = outcome
    self.code = code
    self.reason = reason
    self.pid = pid
    self.standardOutput = standardOutput
    self.standardError = standardError
  }
}

extension JournalWriter {
  package func facts(ofRun number: Int64) throws(SQLiteError) -> RunRecord? {
    try statements.run.first(.integer(number)) { row throws(SQLiteError) in
      RunRecord(
        number: number, id: hexadecimal(row.blob(0)), event: row.integer(1), action: row.text(2),
        lane: row.optionalInteger(3), place: row.integer(4), state: RunState(rawValue: row.text(5)) ?? .held,
        isQueued: row.boolean(6), isHead: row.boolean(7), attempts: row.integer(8), failures: row.integer(9),
        unclean: row.integer(10), source: row.text(16), eventType: row.text(12), subject: row.optionalText(13),
        settle: SettleMode(rawValue: row.text(14)) ?? .journal, isReplay: row.boolean(15), created: row.integer(17))
    }
  }

  /// What came with an event, and when it was received: nanoseconds since 1970.
  package func content(ofEvent number: Int64) throws(SQLiteError) -> (content: StoredContent, received: Int64)? {
    try statements.content.first(.integer(number)) { row throws(SQLiteError) in
      (StoredContent(envelope: Array(row.text(0).utf8), body: row.blob(1)), row.integer(2))
    }
  }

  /// Marks a run as started, before its script is.
  package func start(_ attempt: AttemptStart) throws(SQLiteError) {
    try statements.start.run(.integer(attempt.run), .integer(nextInSequence()))
    var arguments: [UInt8] = []
    for argument in attempt.arguments {
      arguments += argument
      arguments.append(0)
    }
    try statements.insertAttempt.run(
      .integer(attempt.run), .integer(attempt.attempt), .integer(attempt.started), .text(attempt.program),
      .blob(arguments), .text(attempt.directory), .text(attempt.revision), .text(attempt.boot))
  }

  /// Completes the start mark with the process.
  ///
  /// It began at `start`, in clock ticks since boot; nil when it had ended before one could look.
  package func mark(run: Int64, attempt: Int64, pid: Int32, start: Int64?) throws(SQLiteError) {
    try statements.markProcess.run(.integer(run), .integer(attempt), .integer(Int64(pid)), .optional(start))
  }

  /// Keeps how an attempt ended.
  ///
  /// Returns whether the journal knows it; one that was begun anew since it started does not.
  @discardableResult
  package func end(run: Int64, attempt: Int64, _ end: AttemptEnd) throws(SQLiteError) -> Bool {
    try statements.endAttempt.run(
      .integer(run), .integer(attempt), .integer(end.ended), .integer(end.duration), .text(end.outcome),
      .optional(end.code), .optional(end.reason), .optional(end.pid.map(Int64.init)))
    guard connection.changes > 0 else { return false }
    for (stream, output) in [(Int64(1), end.standardOutput), (2, end.standardError)] {
      guard !output.head.isEmpty || output.dropped > 0 else { continue }
      try statements.insertOutput.run(
        .integer(run), .integer(attempt), .integer(stream), .blob(output.head), .blob(output.tail),
        .integer(output.dropped))
    }
    return true
  }
}

/// Bytes as hexadecimal digits.
func hexadecimal(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  text.reserveCapacity(bytes.count * 2)
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}
