// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import Logging
import Settings
import WebAPI

extension Dispatcher {
  /// Takes over a plan, within a transaction: runs that start from now on are resolved from it.
  ///
  /// What runs ends as it began. Pending runs of an action that does not run any more are held, as after a restart.
  func adopt(_ plan: Plan, _ effects: inout Effects) throws(SQLiteError) {
    let stopped = actions.values.filter { $0.mode == .enabled && plan.actions[$0.name]?.mode != .enabled }
    self.plan = plan
    toldLoops = []
    matcher = Matcher(plan.table)
    decoders = [:]
    try knowActions()
    try restoreStatuses()
    for action in stopped { try holdRuns(ofAction: action.name, &effects) }
    // Windows hold what was read under other limits.
    state.windows = StartWindows()
    for action in try journal.writer.actionsWithHeads() { state.windows.expect(action: action) }
    countRunning()
    prepared = [:]
    // The dispatcher outlives what it does after its own commit.
    effects.notes.append { [current, journal, unowned self] in
      showStatuses()
      current.value = plan
      journal.adopt(plan.configuration.journal)
    }
  }

  /// Tells of a reload, within its transaction: of the whole, and of each action where they are not too many.
  func tell(_ report: ReloadReport, _ effects: inout Effects) throws(SQLiteError) {
    func names(_ names: [String]) -> OwnEvent.Fact { .texts(Array(names.prefix(Self.toldOneByOne))) }
    try tell(
      OwnEvent(
        .reloaded,
        [
          "revision": .text(report.revision), "added": names(report.addedActions),
          "changed": names(report.changedActions), "removed": names(report.removedActions),
          "actions": .integer(Int64(actions.count)),
        ]), &effects)
    for (type, names) in [
      (OwnEventType.actionAdded, report.addedActions), (.actionChanged, report.changedActions),
      (.actionRemoved, report.removedActions),
    ] where names.count <= Self.toldOneByOne {
      for name in names {
        let mode = actions[name]?.mode.rawValue
        try tell(
          OwnEvent(
            type,
            [
              "action": .text(name), "status": .optional(statuses[name]?.word.rawValue ?? mode),
              "configured": .optional(mode), "revision": .text(report.revision),
              "pending": .integer(Int64(board.counts.byAction[name]?.pending ?? 0)),
            ]), &effects)
      }
    }
  }

  private func holdRuns(ofAction name: String, _ effects: inout Effects) throws(SQLiteError) {
    let reason = whyNothingRuns(of: name)
    var count = 0
    var first: [RunRecord] = []
    try forEachOpenRun(ofAction: name) { run throws(SQLiteError) in
      count += 1
      if first.count <= Self.toldOneByOne { first.append(run) }
      effects.counts.add(name, pending: run.state == .pending ? -1 : 0, waiting: run.state == .waiting ? -1 : 0)
      effects.counts.held += 1
      let next = try journal.writer.end(
        run, as: .held, at: RealTime.now.nanoseconds, outcome: nil, reason: reason)
      left(run, next, &effects)
    }
    guard count > 0 else { return }
    try tell(.runHeld, of: first, count: count, as: .held, reason: reason, &effects)
    effects.notes.append { [logger] in
      logger.error("runs held: \(reason)", metadata: [LogKey.action: "\(name)", "count": "\(count)"])
    }
  }
}
