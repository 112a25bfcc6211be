// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Journal

extension Dispatcher {
  /// Starts nothing new; events whose delivery waits for runs of which none has started are given back.
  func drain(_ effects: inout Effects) {
    isDraining = true
    giveBack(&effects) { !$0.hasStarted }
  }

  /// Gives back every event whose delivery still waits; the scripts that run are the caller's to end.
  func abandon(_ effects: inout Effects) throws(SQLiteError) {
    isDraining = true
    isAbandoned = true
    let running = Set(state.running.keys)
    giveBack(&effects) { $0.runs.isDisjoint(with: running) }
    // Those with a running script are given back when it has ended.
    for (number, event) in state.openEvents {
      var event = event
      event.isInterrupted = true
      event.runs.formIntersection(running)
      state.openEvents[number] = event
    }
  }

  private func giveBack(_ effects: inout Effects, where isGivenBack: (OpenEvent) -> Bool) {
    for (number, event) in state.openEvents where isGivenBack(event) {
      state.openEvents[number] = nil
      effects.settle(event.receipts, as: .returned)
    }
  }

  /// Tells, once each, of runs that take longer than their action's `warn_after`.
  func warnOfSlowRuns(_ effects: inout Effects) {
    for (number, running) in state.running where !running.isWarned {
      let duration = ContinuousClock.now - running.since
      guard let limit = actions[running.record.action]?.warnAfter, duration >= limit else { continue }
      state.running[number]?.isWarned = true
      effects.notes.append { [log] in log.slow(running.label, duration) }
    }
  }
}
