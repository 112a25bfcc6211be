// SPDX-License-Identifier: Apache-2.0

import Events
import Glibc
import Journal
import Scripts

extension Dispatcher {
  /// Completes the start mark of an attempt with its process.
  func mark(_ attempt: AttemptID, pid: Int32, start: Int64?) throws(SQLiteError) {
    guard let run = state.attempts[attempt.number], let running = state.running[run] else { return }
    try journal.writer.mark(run: run, attempt: running.attempt, pid: pid, start: start)
  }

  /// Lets another run have the place of one whose script has ended.
  func giveWay(_ attempt: AttemptID, _ effects: inout Effects) {
    guard let number = state.attempts[attempt.number], let running = state.running[number], !running.hasGivenWay
    else { return }
    state.running[number]?.hasGivenWay = true
    state.windows.countEnd(ofAction: running.actionID)
    effects.counts.add(running.record.action, running: -1)
  }

  /// Whether another run has the place of an attempt already.
  func hasGivenWay(_ attempt: AttemptID) -> Bool {
    state.attempts[attempt.number].flatMap { state.running[$0]?.hasGivenWay } ?? false
  }

  /// Records how an attempt ended, and what becomes of its run.
  func end(_ attempt: AttemptID, _ completion: Completion, _ effects: inout Effects) throws(SQLiteError) {
    giveWay(attempt, &effects)
    guard let number = state.attempts.removeValue(forKey: attempt.number),
      let running = state.running.removeValue(forKey: number)
    else { return }
    effects.endedAttempts.append(attempt)
    effects.endedRuns.append(number)
    let now = RealTime.now.nanoseconds
    effects.notes.append { [metrics] in metrics.action(running.record.action).measure(completion) }
    guard try journal.writer.end(run: number, attempt: running.attempt, AttemptEnd(completion, at: now)) else {
      return forget(running, completion, &effects)
    }
    switch verdict(running, completion) {
    case .interrupted: try putBack(running, completion, &effects)
    case .retry(let delay, let failures): try postpone(running, completion, delay, failures: failures, &effects)
    case .ended(let state): try finish(running, completion, as: state, at: now, &effects)
    }
  }

  /// Ends a run that the journal does not know, since it was begun anew in the meantime.
  private func forget(_ running: RunningRun, _ completion: Completion, _ effects: inout Effects) {
    if completion.outcome != .exited(0) { state.openEvents[running.record.event]?.isInterrupted = true }
    effects.notes.append { [log, metrics] in
      metrics.action(running.record.action).countEnd(completion.outcome)
      log.ended(running.label, completion)
    }
    left(running.record, nil, &effects)
  }

  private enum Verdict {
    /// The daemon stops: no fault of the script.
    case interrupted
    case retry(after: Duration, failures: Int64)
    case ended(RunState)
  }

  private func verdict(_ running: RunningRun, _ completion: Completion) -> Verdict {
    let record = running.record
    if completion.outcome == .exited(0) { return .ended(.succeeded) }
    if completion.outcome == .interrupted { return .interrupted }
    if completion.outcome.isStarvation, actions[record.action]?.mode != .observe {
      // No fault of the script, and no attempt that counts: the system lacks what a start needs.
      let patience = min(10, 0.5 * pow(2, Double(max(0, running.attempt - record.failures - 1))))
      return .retry(after: .seconds(patience), failures: record.failures)
    }
    guard let action = actions[record.action], action.mode == .enabled, action.retry.retries(completion.outcome) else {
      return .ended(.failed)
    }
    let failures = record.failures + 1
    guard failures <= action.retry.retries(underRunSettlement: record.settle == .run) else { return .ended(.failed) }
    let delay = action.retry.delay(afterAttempt: Int(clamping: failures), jitter: Double.random(in: 0...1))
    return .retry(after: delay, failures: failures)
  }

  private func finish(
    _ running: RunningRun, _ completion: Completion, as ending: RunState, at time: Int64, _ effects: inout Effects
  ) throws(SQLiteError) {
    var reason: String?
    if case .couldNotStart(_, let cause) = completion.outcome { reason = cause }
    let next = try journal.writer.end(
      running.record, as: ending, at: time, outcome: completion.outcome.description, reason: reason)
    if ending == .failed { effects.counts.failed += 1 }
    effects.notes.append { [log, metrics, board] in
      board.noteEnd(of: running.record.action, as: ending)
      metrics.action(running.record.action).countEnd(completion.outcome)
      log.ended(running.label, completion)
    }
    left(running.record, next, &effects)
    try tell(
      ending == .failed ? .runFailed : .runSucceeded, of: running.record, as: ending, completion, reason: reason,
      &effects)
  }

  private func postpone(
    _ running: RunningRun, _ completion: Completion, _ delay: Duration, failures: Int64, _ effects: inout Effects
  ) throws(SQLiteError) {
    let postponement = Postponement(after: delay)
    try journal.writer.postpone(
      running.record, postponement, failures: failures, unclean: running.record.unclean,
      outcome: completion.outcome.description, reason: nil)
    if standsAside(running.record.action) {
      // Suspended while it ran: it is tried again when its action is resumed.
      let next = try journal.writer.stepAside(running.record, reason: whyAside(running.record.action))
      if let next { state.windows.add(next) }
      try release(running.record.event, &effects)
      effects.counts.add(running.record.action, pending: 1)
    } else {
      state.nextDue = min(state.nextDue ?? .max, postponement.due)
      effects.counts.add(running.record.action, waiting: 1)
    }
    effects.notes.append { [log, metrics] in
      if completion.outcome.isStarvation {
        log.starved(running.label, completion)
      } else {
        metrics.action(running.record.action).countRetry()
        log.retried(running.label, completion, after: delay, attempt: running.attempt)
      }
    }
  }

  /// The run keeps its place for the next life; under `settle = run` its event is given back.
  private func putBack(
    _ running: RunningRun, _ completion: Completion, _ effects: inout Effects
  ) throws(SQLiteError) {
    let record = running.record
    let isAwaited = state.openEvents[record.event] != nil
    let reason = "interrupted: the daemon stopped"
    if isAwaited {
      state.openEvents[record.event]?.isInterrupted = true
      left(record, try journal.writer.stepAside(record, reason: reason), &effects)
    } else if standsAside(record.action) {
      if let next = try journal.writer.stepAside(record, reason: reason) { state.windows.add(next) }
    } else {
      _ = try journal.writer.putBack(record, isAside: false, unclean: record.unclean, reason: reason)
      // Nothing starts any more in this life; a resolution of the stop that was taken back would find it again.
      state.windows.expect(action: running.actionID)
    }
    effects.counts.add(record.action, pending: 1)
    effects.notes.append { [log, metrics] in
      metrics.action(record.action).countEnd(completion.outcome)
      log.ended(running.label, completion)
    }
  }

  /// Makes runs pending whose time has come.
  func takeDue(_ effects: inout Effects) throws(SQLiteError) {
    guard let due = state.nextDue, due <= BootClock.now else { return }
    for run in try journal.writer.takeDue(now: BootClock.now, limit: 256) {
      state.windows.add(run)
      if let record = try journal.writer.facts(ofRun: run.number) {
        effects.counts.add(record.action, pending: 1, waiting: -1)
      }
    }
    state.nextDue = try journal.writer.nextDue()
  }
}

extension Postponement {
  init(after delay: Duration) {
    let nanoseconds = delay.nanoseconds
    self.init(
      due: BootClock.now + nanoseconds, dueWall: RealTime.now.nanoseconds + nanoseconds, delay: nanoseconds)
  }
}

extension Duration {
  /// Whole nanoseconds, at most about 292 years.
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max / 4 : min(.max / 4, product + attoseconds / 1_000_000_000)
  }
}

extension AttemptEnd {
  init(_ completion: Completion, at time: Int64) {
    var code: Int64?
    var reason: String?
    switch completion.outcome {
    case .exited(let status): code = Int64(status)
    case .signalled(let signal): code = Int64(signal)
    case .couldNotStart(let errno, let cause): (code, reason) = (Int64(errno), cause)
    case .timedOut, .interrupted: break
    }
    reason = reason ?? completion.survivorsSentence
    self.init(
      ended: time, duration: completion.duration.nanoseconds, outcome: completion.outcome.description, code: code,
      reason: reason, pid: completion.pid, standardOutput: StoredOutput(completion.standardOutput),
      standardError: StoredOutput(completion.standardError))
  }
}

extension StoredOutput {
  init(_ output: KeptOutput) {
    self.init(head: output.head, tail: output.tail, dropped: Int64(clamping: output.dropped))
  }
}

extension Outcome {
  /// Whether the start failed for want of descriptors, processes or memory.
  var isStarvation: Bool {
    guard case .couldNotStart(let errno, _) = self else { return false }
    return [EAGAIN, EMFILE, ENFILE, ENOMEM].contains(errno)
  }
}
