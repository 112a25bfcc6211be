// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import Logging
import Settings

extension Dispatcher {
  /// How often a run may be cut off by a crash before a person has to look.
  static let uncleanLimit: Int64 = 5

  /// Takes up what an earlier daemon left: before anything is taken, and before `run`.
  func recover() throws(SQLiteError) {
    upkeep.clock.restore(try journal.writer.fact("clock"))
    let cutOff = try journal.writer.cutOffRuns()
    interruptedBefore = cutOff.count
    let stubborn = Leftovers(runs: cutOff, logger: logger).end()
    var effects = Effects()
    try journal.transaction(isDurable: true) { () throws(SQLiteError) in
      try knowActions()
      try restoreStatuses()
      if try journal.writer.fact("boot") != BootClock.bootID {
        try journal.writer.translateDueTimes(now: BootClock.now, wall: RealTime.now.nanoseconds)
        try journal.writer.setFact("boot", BootClock.bootID)
      }
      for run in cutOff { try recover(run, isStubborn: stubborn.contains(run.run.id), &effects) }
      let held = try journal.writer.holdRuns(
        exceptOfActions: Set(configuration.actions.filter { $0.mode == .enabled }.map(\.name)),
        at: RealTime.now.nanoseconds, reason: whyNothingRuns)
      for (action, count) in held {
        try tellMany(.runHeld, action: action, count: count, as: .held, reason: whyNothingRuns(of: action), &effects)
        logger.error(
          "runs held: \(whyNothingRuns(of: action))",
          metadata: [LogKey.action: "\(action)", "count": "\(count)"])
      }
      let awaited = try journal.writer.awaitRedeliveries()
      if awaited > 0 {
        logger.notice("runs wait for the redelivery of their events", metadata: ["count": "\(awaited)"])
      }
    }
    for note in effects.notes { note() }
    showStatuses()
    fresh.removeAll()
    state = State()
    for action in try journal.writer.actionsWithHeads() { state.windows.expect(action: action) }
    state.nextDue = try journal.writer.nextDue()
    board.setCounts(RunCounts(try journal.writer.openCounts()))
  }

  func whyNothingRuns(of action: String) -> String {
    switch actions[action]?.mode {
    case .observe: "its action \(action) only observes now"
    case .disabled: "its action \(action) is disabled"
    case .enabled, nil: "its action \(action) is not configured any more"
    }
  }

  /// Learns the numbers that stand for actions.
  func knowActions() throws(SQLiteError) {
    limits = [:]
    for action in configuration.actions {
      let id = try journal.writer.actionID(action.name)
      if let limit = action.maxConcurrent { limits[id] = limit }
    }
  }

  /// Decides on a run that was running when its daemon ended.
  private func recover(_ cutOff: CutOffRun, isStubborn: Bool, _ effects: inout Effects) throws(SQLiteError) {
    let run = cutOff.run
    let label = RunLabel(run)
    let unclean = run.unclean + 1
    let now = RealTime.now.nanoseconds
    try journal.writer.end(
      run: run.number, attempt: cutOff.attempt,
      AttemptEnd(
        ended: now, duration: 0, outcome: "interrupted", code: nil,
        reason: "the daemon ended while it ran", standardOutput: .none, standardError: .none))
    effects.notes.append { [metrics] in metrics.action(run.action).count(.interrupted) }
    var reason: String?
    if isStubborn {
      reason = "it was cut off, and what is left of it cannot be ended"
    } else if actions[run.action]?.onInterrupt == .hold {
      reason = "it was cut off, and on_interrupt = hold"
    } else if unclean >= Self.uncleanLimit {
      reason = "it was cut off \(unclean) times: it may be what ends the daemon"
    }
    if let reason {
      _ = try journal.writer.end(run, as: .held, at: now, outcome: "interrupted", reason: reason)
      effects.notes.append { [log] in log.held(label, reason) }
      try tell(.runHeld, of: run, as: .held, reason: reason, &effects)
      return
    }
    // The first time at once; then ever later, so that a run that ends the daemon does not do it in a circle.
    let delay: Duration = unclean == 1 ? .zero : .seconds(1 << min(6, unclean - 2))
    let postponement = Postponement(after: delay)
    try journal.writer.postpone(
      run, postponement, failures: run.failures, unclean: unclean, outcome: "interrupted", reason: nil)
    if standsAside(run.action), let waiting = try journal.writer.facts(ofRun: run.number) {
      _ = try journal.writer.stepAside(waiting, reason: whyAside(run.action))
    }
    effects.notes.append { [log] in log.recovered(label, delay: delay) }
  }

  /// Takes up what a person said of actions, as long as the file says the same as then.
  func restoreStatuses() throws(SQLiteError) {
    statuses = try journal.writer.statuses()
    for (name, status) in statuses {
      guard let action = actions[name], action.mode.rawValue == status.configured else {
        statuses[name] = nil
        try journal.writer.setStatus(nil, ofAction: name)
        if actions[name] != nil {
          logger.notice(
            "what a person said of an action counts no more: its `enabled` changed",
            metadata: [LogKey.action: "\(name)", "status": "\(status.word.rawValue)"])
          try rejoinRuns(ofAction: name)
        }
        continue
      }
    }
    isSuspended = try journal.writer.fact("suspended") == "yes"
  }

  /// Shows what is suspended.
  func showStatuses() { board.setStatuses(statuses, all: isSuspended) }
}

extension Dispatcher {
  /// Agrees with a file that was opened again in the middle of a life.
  ///
  /// A commit that failed only when it was synced stands in the log all the same, and SQLite takes it for committed
  /// when it opens the file: runs are marked as started there that never were.
  ///
  /// Returns why that was not possible; nil = it was.
  func reconcile() -> SQLiteError? {
    do throws(SQLiteError) {
      try journal.transaction(isDurable: true) { () throws(SQLiteError) in
        for cutOff in try journal.writer.cutOffRuns() where state.running[cutOff.run.number] == nil {
          try journal.writer.undoStart(of: cutOff)
          if standsAside(cutOff.run.action) {
            _ = try journal.writer.stepAside(cutOff.run, reason: whyAside(cutOff.run.action))
          }
        }
        // Where damage made it a new file, other numbers stand for the actions.
        try knowActions()
        for (number, running) in state.running {
          state.running[number]?.actionID = try journal.writer.actionID(running.record.action)
        }
        _ = try journal.writer.awaitRedeliveries(except: Set(state.openEvents.keys))
      }
      state.windows = StartWindows()
      for action in try journal.writer.actionsWithHeads() { state.windows.expect(action: action) }
      countRunning()
      state.nextDue = try journal.writer.nextDue()
    } catch {
      return error
    }
    journal.reconciled()
    return nil
  }

  /// Counts what is open anew, after trouble that may have changed it unseen.
  func recount() {
    guard let open = try? journal.writer.openCounts() else { return }
    var counts = RunCounts(open)
    for running in state.running.values where !running.hasGivenWay { counts.add(running.record.action, running: 1) }
    board.setCounts(counts)
  }

  /// Counts in new windows what runs.
  func countRunning() {
    for running in state.running.values where !running.hasGivenWay {
      state.windows.countStart(ofAction: running.actionID)
    }
  }
}

extension RunCounts {
  /// Those that wait or need a person: what runs the dispatcher knows itself, also what a new file does not.
  init(_ open: OpenCounts) {
    for (action, states) in open.byAction {
      add(action, pending: states[.pending] ?? 0, waiting: states[.waiting] ?? 0)
    }
    held = open.held
    failed = open.failed
  }
}
