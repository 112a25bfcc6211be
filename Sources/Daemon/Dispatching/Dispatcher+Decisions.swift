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

  /// Puts runs back into their lanes, at the end, with all their attempts again.
  func retry(_ selection: RunSelection, _ effects: inout Effects) throws -> [RunChange] {
    var runs: [RunRecord] = []
    let changes = try select(selection).map { number in
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
      let queued = try journal.writer.rejoin(run, isAside: standsAside(run.action), isFresh: true)
      if queued.isHead { state.windows.add(queued) }
      if run.settle == .run { try join(number) }
      count(run, leaving: true, &effects)
      effects.counts.add(run.action, pending: 1)
      runs.append(run)
      return decided(run, to: .pending, "run retried", &effects)
    }
    try tell(.runRetried, ofDecision: runs, as: .pending, &effects)
    return changes
  }

  /// Tells of a decision: run by run, or action by action where it was about many.
  private func tell(
    _ type: OwnEventType, ofDecision runs: [RunRecord], as state: RunState, _ effects: inout Effects
  ) throws(SQLiteError) {
    guard isWanted(type) else { return }
    guard runs.count > Self.toldOneByOne else {
      return try tell(type, of: runs, count: runs.count, as: state, reason: "a person decided it", &effects)
    }
    for (action, runs) in Dictionary(grouping: runs, by: \.action).sorted(by: { $0.key < $1.key }) {
      try tellMany(type, action: action, count: runs.count, as: state, reason: "a person decided it", &effects)
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
    var runs: [RunRecord] = []
    let changes = try select(selection).map { number in
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
      runs.append(run)
      return decided(run, to: .discarded, "run discarded", &effects)
    }
    try tell(.runDiscarded, ofDecision: runs, as: .discarded, &effects)
    return changes
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

  // MARK: The clock

  func confirmClock() throws {
    upkeep.clock.confirm(wall: RealTime.now.nanoseconds, boot: BootClock.now)
    try journal.writer.setFact("clock", upkeep.clock.stored)
    upkeep.nextPass = .now
    board.setRetention(nil)
  }
}
