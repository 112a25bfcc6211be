// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import Logging
import Settings

extension Dispatcher {
  /// Takes over a plan, within a transaction: runs that start from now on are resolved from it.
  ///
  /// What runs ends as it began. Pending runs of an action that does not run any more are held, as after a restart.
  func adopt(_ plan: Plan, _ effects: inout Effects) throws(SQLiteError) {
    let stopped = actions.values.filter { $0.mode == .enabled && plan.actions[$0.name]?.mode != .enabled }
    self.plan = plan
    matcher = Matcher(plan.table)
    decoders = [:]
    try knowActions()
    try restoreStatuses()
    for action in stopped { try holdRuns(ofAction: action.name, &effects) }
    // Windows hold what was read under other limits.
    state.windows = StartWindows()
    for action in try journal.writer.actionsWithHeads() { state.windows.expect(action: action) }
    for running in state.running.values { state.windows.countStart(ofAction: running.actionID) }
    // The dispatcher outlives what it does after its own commit.
    effects.notes.append { [current, journal, unowned self] in
      showStatuses()
      current.value = plan
      journal.adopt(plan.configuration.journal)
    }
  }

  private func holdRuns(ofAction name: String, _ effects: inout Effects) throws(SQLiteError) {
    let reason = whyNothingRuns(of: name)
    var count = 0
    try forEachOpenRun(ofAction: name) { run throws(SQLiteError) in
      count += 1
      effects.counts.add(name, pending: run.state == .pending ? -1 : 0, waiting: run.state == .waiting ? -1 : 0)
      effects.counts.held += 1
      let next = try journal.writer.end(
        run, as: .held, at: RealTime.now.nanoseconds, outcome: nil, reason: reason)
      left(run, next, &effects)
    }
    guard count > 0 else { return }
    effects.notes.append { [logger] in
      logger.error("runs held: \(reason)", metadata: [LogKey.action: "\(name)", "count": "\(count)"])
    }
  }
}
