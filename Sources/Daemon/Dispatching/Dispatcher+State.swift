// SPDX-License-Identifier: Apache-2.0

import Journal

extension Dispatcher {
  /// What is changed within a transaction, and goes back to what it was when that fails.
  struct State {
    var windows = StartWindows()
    /// Runs whose attempt has not ended, by the run's number.
    var running: [Int64: RunningRun] = [:]
    /// The run of each attempt that has not ended.
    var attempts: [UInt64: Int64] = [:]
    /// Events whose deliveries are settled when their runs have ended.
    var openEvents: [Int64: OpenEvent] = [:]
    var lastAttempt: UInt64 = 0
    /// The time of the next waiting run: nanoseconds of `CLOCK_BOOTTIME`.
    var nextDue: Int64?
  }

  struct RunningRun {
    var record: RunRecord
    var label: RunLabel
    /// The action's number in the journal.
    var actionID: Int64
    var attempt: Int64
    var since: ContinuousClock.Instant
    var isWarned = false
    /// Whether its script has ended, though that is not recorded yet: another one has its place.
    var hasGivenWay = false
  }

  /// An event under `settle = run`.
  struct OpenEvent {
    var receipts: [Receipt]
    var runs: Set<Int64>
    /// Whether one of its runs has started: then the others are finished too before the daemon stops.
    var hasStarted = false
    /// Whether a run was cut off by the stop of the daemon: then the event is given back.
    var isInterrupted = false
  }
}
