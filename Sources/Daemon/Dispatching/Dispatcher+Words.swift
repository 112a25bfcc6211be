// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import Logging
import Settings
import WebAPI

extension Dispatcher {
  /// How many events one batch enters at most, and how long it may take: while nothing comes in, and at least.
  private static let wordBatch = 256
  private static let wordTime = Duration.milliseconds(2)
  private static let leastWordTime = Duration.microseconds(100)
  /// How often a batch is let in between work, and how often it is looked whether there is something to enter.
  private static let wordShare = Duration.milliseconds(50)
  private static let wordLook = Duration.seconds(1)
  /// How long nothing has come in where the time is taken for idle: between two short scripts it is not.
  static let wordPause = Duration.milliseconds(5)

  /// Whether idle time is used for the index of words.
  var hasWordsToIndex: Bool { upkeep.hasWords && indexesWords }

  private var indexesWords: Bool { configuration.journal.fullText && !upkeep.hasNoWords && journal.trouble == nil }

  /// Enters the words of events into the index: a batch after the other while there is nothing else to do, one now and
  /// then otherwise.
  ///
  /// To enter them with their events would halve the rate at which events are accepted. What is not entered yet is found
  /// all the same, by a look at its body.
  func indexWords(isIdle: Bool) {
    guard indexesWords, ContinuousClock.now >= upkeep.nextWords || isIdle && upkeep.hasWords else { return }
    let begun = ContinuousClock.now
    do throws(SQLiteError) {
      let count = try journal.transaction(isDurable: false) { () throws(SQLiteError) in
        let bodies = EventBodies { [plan] in plan.reading(ofSource: $0)?.mapping ?? EventMapping() }
        return try journal.writer.indexWords(bodies, limit: Self.wordBatch) {
          ContinuousClock.now - begun >= (inputs.hasNews ? Self.leastWordTime : Self.wordTime)
        }
      }
      upkeep.hasWords = count > 0
      upkeep.nextWords = .now + (count > 0 ? Self.wordShare : Self.wordLook)
    } catch {
      guard error.isDamageOfWords else { return journal.fail(error) }
      renewWords(error)
    }
  }

  /// Begins the index anew: it is damaged, the journal is not.
  private func renewWords(_ damage: SQLiteError) {
    do throws(SQLiteError) {
      try journal.transaction(isDurable: false) { () throws(SQLiteError) in try journal.writer.forgetWords() }
      logger.warning("the index of words was damaged and is made anew", metadata: [LogKey.reason: "\(damage)"])
    } catch {
      upkeep.hasNoWords = true
      logger.error(
        "the index of words is damaged: text is searched for in the bodies", metadata: [LogKey.reason: "\(error)"])
    }
  }
}
