// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Journal
import Logging
import Settings
import WebAPI

/// A person's decisions: each is one transaction, in which `ControlError` takes everything back.
extension Dispatcher {
  /// How many runs one decision may concern.
  static let decisionLimit = 100_000
  static let suspendedReason = "its action is suspended"

  /// Puts runs back into their lanes, at the end, with all their attempts again.
  func retry(_ selection: RunSelection, _ effects: inout Effects) throws -> [RunChange] {
    try select(selection).map { number in
      let run = try record(number)
      guard [.failed, .held, .refused, .expired, .observed].contains(run.state) else {
        throw ControlError.refused(
          "run \(number) is \(run.state.rawValue); only runs that failed, were refused, held, expired or observed are "
            + "retried")
      }
      guard actions[run.action] != nil else {
        throw ControlError.refused(
          "run \(number) cannot be retried: its action \(run.action) is not configured any more")
      }
      let queued = try journal.writer.rejoin(run, isAside: isSuspended(run.action), isFresh: true)
      if queued.isHead { state.windows.add(queued) }
      if run.settle == .run { try join(number) }
      count(run, leaving: true, &effects)
      effects.counts.add(run.action, pending: 1)
      return decided(run, to: .pending, "run retried", &effects)
    }
  }

  /// Lets a run that a person wants be part of what its event's delivery waits for, under `settle = run`.
  ///
  /// Of an event that was settled nothing comes again: its runs are the journal's from now on.
  func join(_ number: Int64) throws(SQLiteError) {
    guard let run = try journal.writer.facts(ofRun: number), run.settle == .run, run.state == .pending else { return }
    if state.openEvents[run.event] != nil {
      state.openEvents[run.event]?.runs.insert(number)
      return
    }
    for other in try journal.writer.openRuns(ofEvent: run.event) where other != number {
      // One that awaits the redelivery: that brings this one along.
      if let other = try journal.writer.facts(ofRun: other), other.state == .pending, !other.isQueued { return }
    }
    try journal.writer.setSettle(.journal, ofEvent: run.event)
  }

  /// Gives runs up.
  func discard(_ selection: RunSelection, _ effects: inout Effects) throws -> [RunChange] {
    try select(selection).map { number in
      let run = try record(number)
      guard run.state != .running else {
        throw ControlError.refused("run \(number) is running; it can be discarded once its attempt has ended")
      }
      guard run.state != .discarded, run.state != .succeeded else {
        throw ControlError.refused("run \(number) is \(run.state.rawValue) already")
      }
      state.windows.remove(number, ofAction: try journal.writer.actionID(run.action))
      count(run, leaving: true, &effects)
      let next = try journal.writer.end(
        run, as: .discarded, at: RealTime.now.nanoseconds, outcome: nil, reason: "a person gave it up")
      left(run, next, &effects)
      return decided(run, to: .discarded, "run discarded", &effects)
    }
  }

  private func select(_ selection: RunSelection) throws -> [Int64] {
    switch selection {
    case .runs(let numbers): return numbers
    case .failed(let action):
      if let action, actions[action] == nil {
        throw noAction(action)
      }
      return try journal.writer.runs(inState: .failed, action: action, limit: Self.decisionLimit)
    }
  }

  func noAction(_ name: String) -> ControlError {
    .notFound("there is no action \(name); configured: \(actions.keys.sorted().joined(separator: ", "))")
  }

  private func record(_ number: Int64) throws -> RunRecord {
    guard let run = try journal.writer.facts(ofRun: number) else {
      throw ControlError.notFound("there is no run \(number) in the journal")
    }
    return run
  }

  /// Takes a run out of the count of its state.
  private func count(_ run: RunRecord, leaving: Bool, _ effects: inout Effects) {
    switch run.state {
    case .pending: effects.counts.add(run.action, pending: -1)
    case .waiting: effects.counts.add(run.action, waiting: -1)
    case .held: effects.counts.held -= 1
    case .failed: effects.counts.failed -= 1
    case .running, .succeeded, .refused, .expired, .observed, .discarded: break
    }
  }

  private func decided(_ run: RunRecord, to: RunState, _ words: Logger.Message, _ effects: inout Effects) -> RunChange {
    let label = RunLabel(run)
    effects.notes.append { [log] in log.decided(label, words) }
    return RunChange(number: run.number, id: run.id, from: run.state.rawValue, to: to.rawValue)
  }

  // MARK: Suspending

  func setSuspended(_ isSuspended: Bool, action name: String?, _ effects: inout Effects) throws {
    guard let name else {
      try journal.writer.setFact("suspended", isSuspended ? "yes" : "no")
      self.isSuspended = isSuspended
      tellSuspended(isSuspended ? "all actions suspended" : "all actions resumed", nil, &effects)
      return
    }
    guard let action = actions[name] else {
      throw noAction(name)
    }
    guard self.isSuspended(name) != isSuspended else { return }
    let status = ActionStatus(
      isSuspended: isSuspended, since: RealTime.now.nanoseconds, configured: action.mode.rawValue)
    try journal.writer.setStatus(isSuspended ? status : nil, ofAction: name)
    statuses[name] = isSuspended ? status : nil
    if isSuspended { try setRunsAside(ofAction: name, &effects) } else { try rejoinRuns(ofAction: name) }
    tellSuspended(isSuspended ? "action suspended" : "action resumed", name, &effects)
  }

  private func tellSuspended(_ words: Logger.Message, _ action: String?, _ effects: inout Effects) {
    let suspended = Set(statuses.filter(\.value.isSuspended).keys)
    effects.notes.append { [logger, board, isSuspended] in
      board.setSuspended(suspended, all: isSuspended)
      logger.notice(words, metadata: action.map { [LogKey.action: "\($0)"] } ?? [:])
    }
  }

  /// The runs of a suspended action step aside: they wait, and hold nobody up.
  private func setRunsAside(ofAction name: String, _ effects: inout Effects) throws {
    try forEachOpenRun(ofAction: name) { run throws(SQLiteError) in
      guard run.isQueued else { return }
      if run.state == .waiting { effects.counts.add(name, pending: 1, waiting: -1) }
      if let next = try journal.writer.stepAside(run, reason: Self.suspendedReason) { state.windows.add(next) }
      try release(run.event, &effects)
    }
    state.windows.removeAll(ofAction: try journal.writer.actionID(name))
  }

  /// Settles an event of which a run waits aside, under `settle = run`: its runs are the journal's from now on.
  ///
  /// Unsettled it would take another's place at the broker for as long as its action is suspended.
  func release(_ event: Int64, _ effects: inout Effects) throws(SQLiteError) {
    guard let open = state.openEvents[event], !open.isInterrupted else { return }
    state.openEvents[event] = nil
    try journal.writer.setSettle(.journal, ofEvent: event)
    effects.settle(open.receipts, as: .accepted)
  }

  /// The runs of an action that is not suspended any more join their lanes, at the end, in their order.
  func rejoinRuns(ofAction name: String) throws(SQLiteError) {
    try forEachOpenRun(ofAction: name) { run throws(SQLiteError) in
      guard !run.isQueued, run.settle == .journal || state.openEvents[run.event] != nil else { return }
      let queued = try journal.writer.rejoin(run, isAside: false, isFresh: false)
      if queued.isHead { state.windows.add(queued) }
    }
  }

  func forEachOpenRun(
    ofAction name: String, _ body: (RunRecord) throws(SQLiteError) -> Void
  ) throws(SQLiteError) {
    // All numbers before any change: what rejoins gets a place behind all others.
    var place: Int64 = 0
    var numbers: [Int64] = []
    while true {
      let runs = try journal.writer.openRuns(
        ofAction: name, states: [.pending, .waiting], after: place, limit: 1_000)
      guard let last = runs.last else { break }
      place = last.place
      numbers += runs.map(\.number)
      showLife()
    }
    for (index, number) in numbers.enumerated() {
      if index % 1_000 == 0 { showLife() }
      if let run = try journal.writer.facts(ofRun: number) { try body(run) }
    }
  }

  // MARK: The clock

  func confirmClock() throws {
    upkeep.clock.confirm(wall: RealTime.now.nanoseconds, boot: BootClock.now)
    try journal.writer.setFact("clock", upkeep.clock.stored)
    upkeep.nextPass = .now
    board.setRetention(nil)
  }
}
