// SPDX-License-Identifier: Apache-2.0

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
    giveBack(&effects) { event in !event.runs.contains { state.running[$0] != nil } }
    // Those with a running script are given back when it has ended.
    for number in state.openEvents.keys { state.openEvents[number]?.isInterrupted = true }
    for (number, event) in state.openEvents {
      state.openEvents[number]?.runs = event.runs.filter { state.running[$0] != nil }
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
