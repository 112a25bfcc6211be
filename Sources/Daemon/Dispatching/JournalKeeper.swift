// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import Logging
import Settings

/// Keeps the journal writable: opens it, says what is wrong with it, and opens it again when its disk is well.
///
/// Lives on the journal's thread.
final class JournalKeeper {
  private let owned: OwnedJournal
  /// Why nothing can be recorded at present; nil = all is well.
  private(set) var trouble: String?
  /// Since when, or since when it was the last time: nanoseconds since 1970.
  private(set) var troubleSince: Int64?
  private var settings: JournalSettings
  private let board: DaemonBoard
  private let metrics: DaemonMetrics
  private let logger: Logger
  private var nextTry = ContinuousClock.now
  private var delay = Duration.milliseconds(250)
  private var mustReopen = false
  private var isSuspect = false
  /// Whether the file was opened again: what it holds may differ from what its last transactions said.
  private(set) var wasReopened = false

  /// Opens the journal, whose lock is then held for the process's life.
  init(_ settings: JournalSettings, board: DaemonBoard, metrics: DaemonMetrics, logger: Logger) throws(JournalError) {
    self.settings = settings
    self.board = board
    self.metrics = metrics
    self.logger = logger
    owned = try OwnedJournal(path: settings.path)
    owned.writer?.syncsCommits = settings.sync == .full
    tellOfSetAside()
  }

  /// Writes the journal.
  ///
  /// There is none after trouble that made it necessary to open the file again, until that has succeeded.
  var writer: JournalWriter {
    get throws(SQLiteError) {
      guard let writer = owned.writer else { throw .notOpen }
      return writer
    }
  }

  func transaction<Value>(
    isDurable: Bool, _ body: () throws(SQLiteError) -> Value
  ) throws(SQLiteError) -> Value {
    let writer = try writer
    let value = try writer.transaction(isDurable: isDurable, body)
    metrics.journalCommitted(in: writer.lastCommit)
    return value
  }

  /// A transaction whose body may refuse by an error of its own: then everything is taken back.
  func throwingTransaction(_ body: () throws -> Void) throws {
    var refusal: (any Error)?
    do throws(SQLiteError) {
      try transaction(isDurable: true) { () throws(SQLiteError) in
        do {
          try body()
        } catch let error as SQLiteError {
          throw error
        } catch {
          refusal = error
          throw SQLiteError.takenBack
        }
      }
    } catch {
      throw refusal ?? error
    }
  }

  /// Takes over what a reload may change; the path is not among it.
  func adopt(_ settings: JournalSettings) {
    self.settings = settings
    owned.writer?.syncsCommits = settings.sync == .full
  }

  /// Notes that a transaction failed: nothing is taken until one succeeds.
  func fail(_ error: SQLiteError) {
    let words = "\(error.trouble.sentence(about: settings.path)) (\(error))"
    if trouble == nil {
      troubleSince = RealTime.now.nanoseconds
      logger.error("journal is in trouble: nothing is taken until it is well", metadata: [LogKey.reason: "\(words)"])
    }
    trouble = words
    board.setTrouble(words)
    mustReopen = mustReopen || [.inputOutput, .corrupt, .other].contains(error.trouble)
    isSuspect = isSuspect || error.trouble == .corrupt
    nextTry = .now + delay
    delay = min(delay * 2, .seconds(5))
  }

  /// Empties the log into the file, as far as there is room for it.
  func tidyUp() { _ = try? writer.finish() }

  /// Looks whether the file is still there and still a journal.
  func look() {
    if let error = owned.look() { fail(error) }
  }

  /// Empties the log into the file, at a clean end; what it cannot is done at the next start.
  func finish() {
    do throws(SQLiteError) {
      try writer.finish()
    } catch {
      logger.warning("journal was not tidied up", metadata: [LogKey.reason: "\(error)"])
    }
  }

  /// Notes that the dispatcher and the file agree again.
  func reconciled() { wasReopened = false }

  /// Notes that a transaction succeeded.
  func succeeded() {
    guard trouble != nil else { return }
    trouble = nil
    delay = .milliseconds(250)
    board.setTrouble(nil)
    logger.notice("journal is well again")
  }

  /// Makes another attempt possible, when its time has come, or at once.
  ///
  /// - Returns: Whether the journal may be tried.
  func recover(atOnce: Bool = false) -> Bool {
    guard atOnce || ContinuousClock.now >= nextTry else { return false }
    guard mustReopen else {
      // The log may be what fills the disk: what it holds is copied into the file, and its room is free again.
      tidyUp()
      return probe()
    }
    do throws(JournalError) {
      try owned.reopen(isSuspect: isSuspect)
      owned.writer?.syncsCommits = settings.sync == .full
      isSuspect = false
      mustReopen = false
      wasReopened = true
      tellOfSetAside()
      return probe()
    } catch {
      nextTry = .now + delay
      delay = min(delay * 2, .seconds(5))
      trouble = "\(error)"
      board.setTrouble("\(error)")
      return false
    }
  }

  /// Tries to write for real.
  private func probe() -> Bool {
    do throws(SQLiteError) {
      try writer.transaction(isDurable: true) { () throws(SQLiteError) in
        try writer.setFact("probed", String(RealTime.now.nanoseconds))
      }
      return true
    } catch {
      fail(error)
      return false
    }
  }

  private func tellOfSetAside() {
    guard let (path, damage) = owned.setAside else { return }
    logger.critical(
      "journal was damaged: it was set aside, and a new one begun",
      metadata: [LogKey.reason: "\(damage); what it held lies in \(path)"])
  }
}
