// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Journal
import Logging
import Settings
import WebAPI

/// What a person says of actions: that one runs nothing for now, or does again what its file says.
extension Dispatcher {
  /// Sets what counts for an action from now on, until its file's own `enabled` changes.
  ///
  /// A person may take away from what the file allows, and give that back, and no more: the file says what may run.
  func setStatus(
    _ status: RequestedStatus, ofAction name: String?, _ effects: inout Effects
  ) throws -> ActionStanding {
    guard let name else { return try setStatusOfAll(status, &effects) }
    guard let action = actions[name] else { throw noAction(name) }
    let word: ActionStatus.Word?
    switch (status, action.mode) {
    case (.default, _): word = nil
    case (_, .disabled):
      throw ControlError.refused(
        "the action \(name) is disabled in its file, \(action.place); write 'enabled = yes' there, and reload")
    case (.enabled, .observe):
      throw ControlError.refused(
        "the action \(name) only observes by its file, \(action.place); write 'enabled = yes' there, and reload, or ask "
          + "for the status 'default'")
    case (.enabled, .enabled), (.observe, .observe): word = nil
    case (.suspended, _): word = .suspended
    case (.observe, .enabled): word = .observe
    }
    try set(word, of: action, &effects)
    return standing(of: action)
  }

  private func set(_ word: ActionStatus.Word?, of action: Action, _ effects: inout Effects) throws {
    let name = action.name
    guard statuses[name]?.word != word else { return }
    let wasAside = standsAside(name)
    let status = word.map {
      ActionStatus($0, since: RealTime.now.nanoseconds, configured: action.mode.rawValue)
    }
    try journal.writer.setStatus(status, ofAction: name)
    statuses[name] = status
    switch (wasAside, word != nil) {
    case (false, true): try setRunsAside(ofAction: name, &effects)
    case (true, false): try rejoinRuns(ofAction: name)
    default: break
    }
    let (words, type): (Logger.Message, OwnEventType) =
      switch word {
      case .suspended: ("action suspended", .actionSuspended)
      case .observe: ("action only observes", .actionObserving)
      case nil: ("action resumed", .actionResumed)
      }
    showLater(words, name, &effects)
    try tell(
      OwnEvent(
        type,
        [
          "action": .text(name), "status": .text(standing(of: action).status),
          "configured": .text(action.mode.rawValue),
          "revision": .text(configuration.revision),
          "pending": .integer(Int64(board.counts.byAction[name]?.pending ?? 0)),
        ]), &effects)
  }

  private func setStatusOfAll(_ status: RequestedStatus, _ effects: inout Effects) throws -> ActionStanding {
    guard status != .observe else {
      throw ControlError.refused("all actions together can be suspended or resumed; 'observe' is said of one action")
    }
    let suspends = status == .suspended
    if suspends != isSuspended {
      try journal.writer.setFact("suspended", suspends ? "yes" : "no")
      isSuspended = suspends
      showLater(suspends ? "all actions suspended" : "all actions resumed", nil, &effects)
      let facts: [String: OwnEvent.Fact] = [
        "status": .text(suspends ? "suspended" : "enabled"), "revision": .text(configuration.revision),
        "pending": .integer(Int64(board.counts.total.pending)),
      ]
      try tell(OwnEvent(suspends ? .actionSuspended : .actionResumed, facts), &effects)
    }
    return ActionStanding(action: nil, status: suspends ? "suspended" : "enabled", configured: nil, since: nil)
  }

  /// What counts for an action, and what its file says.
  func standing(of action: Action) -> ActionStanding {
    let status = statuses[action.name]
    return ActionStanding(
      action: action.name, status: status?.word.rawValue ?? action.mode.rawValue, configured: action.mode.rawValue,
      since: status?.since)
  }

  private func showLater(_ words: Logger.Message, _ action: String?, _ effects: inout Effects) {
    effects.notes.append { [logger, board, statuses, isSuspended] in
      board.setStatuses(statuses, all: isSuspended)
      logger.notice(words, metadata: action.map { [LogKey.action: "\($0)"] } ?? [:])
    }
  }

  /// The runs of an action that runs nothing for now step aside: they wait, and hold nobody up.
  private func setRunsAside(ofAction name: String, _ effects: inout Effects) throws {
    try forEachOpenRun(ofAction: name) { run throws(SQLiteError) in
      guard run.isQueued else { return }
      if run.state == .waiting { effects.counts.add(name, pending: 1, waiting: -1) }
      if let next = try journal.writer.stepAside(run, reason: whyAside(name)) { state.windows.add(next) }
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

  /// The runs of an action that runs again join their lanes, at the end, in their order.
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
}
