// SPDX-License-Identifier: Apache-2.0

import Events
import Glibc
import Journal
import Logging
import Settings

/// What the journal's thread does between its work, each at its own time.
struct Upkeep {
  /// How many events one transaction of deletion looks at: work waits no longer than for that.
  static let deletionBatch = 200
  /// How many identities are remembered at most.
  static let identityBound: Int64 = 1_000_000

  var next = ContinuousClock.now
  var nextPass = ContinuousClock.now
  /// Where the present pass of deletion came to; nil = none is under way.
  var cursor: Int64?
  /// What that pass takes for old, by the clock that was believed when it began: nanoseconds since 1970.
  var oldest: Int64 = 0
  /// Whether that pass has deleted anything.
  var hasDeleted = false
  var nextTypes = ContinuousClock.now + .seconds(10)
  var nextCheckpoint = ContinuousClock.now + .seconds(1)
  /// When the index of words is looked after next.
  var nextWords = ContinuousClock.now
  /// Whether there were more words than went into the last batch.
  var hasWords = false
  /// Whether the index of words was damaged and could not be made anew either: it is left alone then.
  var hasNoWords = false
  /// Why sources are not read.
  var holdReason: String?
  var clock = ClockGuard()
}

extension Dispatcher {
  /// Bytes that are deleted for their size and not for their age.
  private static let slack = 0.95

  /// Looks after the journal: checkpoints, deletion, room, what was counted.
  ///
  /// Never more than a moment's work.
  func maintain() {
    guard ContinuousClock.now >= upkeep.next else { return }
    upkeep.next = .now + .milliseconds(upkeep.cursor == nil ? 500 : 20)
    if journal.trouble == nil { journal.look() }
    lookForRoom()
    guard journal.trouble == nil else { return }
    do throws(SQLiteError) {
      if ContinuousClock.now >= upkeep.nextTypes { try storeTypes() }
      try deleteOld()
      if ContinuousClock.now >= upkeep.nextCheckpoint {
        upkeep.nextCheckpoint = .now + .seconds(1)
        try journal.writer.checkpoint()
        board.setJournalBytes(try journal.writer.size())
      }
    } catch {
      journal.fail(error)
    }
  }

  /// Stores what was counted of types.
  func storeTypes() throws(SQLiteError) {
    upkeep.nextTypes = .now + .seconds(10)
    let counts = types.take()
    guard !counts.isEmpty else { return }
    try journal.transaction(isDurable: false) { () throws(SQLiteError) in try journal.writer.add(counts) }
  }

  /// Stores what was counted of types, within a transaction.
  func storeTypesNow() throws(SQLiteError) {
    try journal.writer.add(types.take())
  }

  private func deleteOld() throws(SQLiteError) {
    let settings = configuration.journal
    let wall = RealTime.now.nanoseconds
    if ContinuousClock.now >= upkeep.nextPass, upkeep.cursor == nil {
      upkeep.nextPass = .now + .seconds(60)
      arrivalLimit = Self.arrivalsAtOnce
      guard try clockIsRight(wall) else { return }
      (upkeep.cursor, upkeep.hasDeleted, upkeep.oldest) = (0, false, wall - settings.keep.nanoseconds)
    }
    guard let cursor = upkeep.cursor else { return }
    let isTooLarge = try journal.writer.size() > Int64(Double(settings.maxSize) * Self.slack)
    let oldest = upkeep.oldest
    let (deleted, last) = try journal.transaction(isDurable: false) { () throws(SQLiteError) in
      try journal.writer.forgetIdentities(
        before: oldest, bound: Upkeep.identityBound, limit: Upkeep.deletionBatch)
      return try journal.writer.deleteEvents(
        before: isTooLarge ? nil : oldest, after: cursor, limit: Upkeep.deletionBatch)
    }
    upkeep.cursor = last
    if deleted > 0 {
      upkeep.hasDeleted = true
      logger.debug("events deleted from the journal", metadata: ["count": "\(deleted)"])
      // While there is something to delete, the next pass follows at once.
      if last == nil, isTooLarge { upkeep.nextPass = .now }
    }
    // Failed runs, and such as awaited a redelivery, went with their events.
    if last == nil, upkeep.hasDeleted { recount() }
  }

  /// Whether the wall clock is to be believed: one that jumped by more than a day would delete everything.
  private func clockIsRight(_ wall: Int64) throws(SQLiteError) -> Bool {
    let reason = upkeep.clock.look(wall: wall, boot: BootClock.now)
    board.setRetention(reason)
    if let reason {
      if upkeep.clock.isNews {
        logger.error("nothing is deleted from the journal", metadata: [LogKey.reason: "\(reason)"])
      }
      return false
    }
    try journal.transaction(isDurable: false) { () throws(SQLiteError) in
      try journal.writer.setFact("clock", upkeep.clock.stored)
    }
    return true
  }

  /// Holds the sources while there is no room for what they bring, and releases them when there is.
  func lookForRoom() {
    let reason = reasonToHold()
    guard reason != upkeep.holdReason else { return }
    // The words may change while the reason stays; the sources are told once.
    let isChange = (reason == nil) != (upkeep.holdReason == nil)
    upkeep.holdReason = reason
    if isChange { onHold(reason) }
  }

  private func reasonToHold() -> String? {
    if let trouble = journal.trouble { return trouble }
    let settings = configuration.journal
    let backlog = board.backlog
    let isHeld = upkeep.holdReason != nil
    if backlog >= (isHeld ? settings.maxPending - settings.maxPending / 10 : settings.maxPending) {
      return "\(backlog) runs are pending, the bound max_pending is \(settings.maxPending)"
    }
    if let free = FileSystemRoom.free(beside: settings.path), free < Int64(settings.minFree) * (isHeld ? 11 : 10) / 10 {
      return "the disk of the journal has \(free) bytes left, less than min_free, \(settings.minFree)"
    }
    if let size = try? journal.writer.size(), size > Int64(settings.maxSize) {
      return "the journal has \(size) bytes, more than max_size, \(settings.maxSize), "
        + "and what has ended is not enough to delete"
    }
    return nil
  }
}

/// How much room a file system has.
enum FileSystemRoom {
  /// Bytes that are free for us where a file lies; nil when it cannot be told.
  static func free(beside path: String) -> Int64? {
    let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    var facts = statvfs()
    guard statvfs(directory.isEmpty ? "/" : directory, &facts) == 0 else { return nil }
    return Int64(clamping: UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize)).partialValue)
  }
}
