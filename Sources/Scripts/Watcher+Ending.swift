// SPDX-License-Identifier: Apache-2.0

import Events
import Glibc

/// How runs end.
extension Watcher {
  /// How long a script's end waits for those who hold its pipes.
  private static let patience = Duration.milliseconds(20)
  /// How often a tree is looked at whose script ended.
  private static let lookInterval = Duration.milliseconds(50)
  /// The same once it has been sent KILL: most is gone at once.
  private static let lastLookInterval = Duration.milliseconds(2)
  /// How long a control group that was sent KILL is waited for: what hangs in the kernel can take for ever.
  private static let lastPatience = Duration.seconds(2)

  /// Asks the whole tree to end.
  ///
  /// CONT follows, because a stopped process does not notice TERM.
  func terminate(_ run: WatchedRun, _ serial: UInt64, as outcome: Outcome) {
    // What it prints at its end must not keep it from ending.
    watchOutput(of: run, serial)
    let living = look(for: run)
    if !run.tree.signal(SIGTERM, living), run.tree.group == nil { tellThatItCannotEnd(run) }
    run.tree.signal(SIGCONT, living)
    run.phase = .ending(outcome)
    run.killAt = Moment.now().advanced(by: run.killAfter)
    deadlines.set(run.killAt, for: serial)
  }

  func killTree(of run: WatchedRun) {
    // A look of its own: of an earlier one, numbers may be others' by now.
    living = nil
    if !run.tree.kill(look(for: run)) { tellThatItCannotEnd(run) }
    run.treeKilled = .now()
  }

  func processEnded(_ run: WatchedRun, _ serial: UInt64) {
    switch run.phase {
    case .running:
      guard run.leftovers == .kill else { return reap(run, serial, as: nil) }
      beginLastLooks(run, serial, nil, killAt: .past)
    case .ending(let outcome): beginLastLooks(run, serial, outcome, killAt: run.killAt)
    case .killed(let outcome): beginLastLooks(run, serial, outcome, killAt: .past)
    case .orphaned, .draining: break
    }
  }

  private func beginLastLooks(_ run: WatchedRun, _ serial: UInt64, _ outcome: Outcome?, killAt: Moment) {
    run.ended = .now()
    run.killAt = killAt
    stopWatchingProcess(of: run)
    living = nil
    lookAtOrphans(run, serial, outcome, .now())
  }

  /// Waits for the rest of an ended script's tree until KILL is due; of a control group, until it is empty.
  func lookAtOrphans(_ run: WatchedRun, _ serial: UInt64, _ outcome: Outcome?, _ now: Moment) {
    guard run.tree.lives(look(for: run)) else { return reap(run, serial, as: outcome) }
    var next = min(run.killAt, now.advanced(by: Self.lookInterval))
    if now >= run.killAt {
      let first = run.treeKilled ?? now
      killTree(of: run)
      run.treeKilled = first
      // Of a session nobody knows when it is gone: a process may leave it while one looks.
      guard run.tree.group != nil, now < first.advanced(by: Self.lastPatience) else {
        return reap(run, serial, as: outcome)
      }
      next = now.advanced(by: Self.lastLookInterval)
    }
    run.phase = .orphaned(outcome)
    deadlines.set(next, for: serial)
  }

  /// Waits for an ended script, whose number may belong to another process from here on.
  ///
  /// The outcome is nil if it ended by itself.
  private func reap(_ run: WatchedRun, _ serial: UInt64, as outcome: Outcome?) {
    var status: Int32 = 0
    let result = waitpid(run.tree.pid, &status, WNOHANG)
    guard result != 0 else {
      // A debugger has the first word. Its process descriptor reports the run again, an orphaned one has none.
      if run.process == nil {
        run.phase = .orphaned(outcome)
        deadlines.set(Moment.now().advanced(by: Self.lookInterval), for: serial)
      }
      return
    }
    if run.ended == nil { run.ended = .now() }
    stopWatchingProcess(of: run)
    deadlines.remove(serial)
    // An error means that another part of the process has taken the status: no signal has the number 0.
    let own = result < 0 ? Outcome.signalled(0) : Self.outcome(ofStatus: status)
    run.standardOutput.expectEnd()
    run.standardError.expectEnd()
    readOutput(run, .standardOutput, turns: Self.lastTurns)
    readOutput(run, .standardError, turns: Self.lastTurns)
    run.phase = .draining(outcome ?? own)
    finishIfDrained(run, serial, outcome ?? own)
    guard runs[serial] != nil else { return }
    watchOutput(of: run, serial)
    deadlines.set(Moment.now().advanced(by: Self.patience), for: serial)
  }

  func finishIfDrained(_ run: WatchedRun, _ serial: UInt64, _ outcome: Outcome) {
    if run.standardOutput.descriptor == nil, run.standardError.descriptor == nil { finish(run, serial, outcome) }
  }

  func finish(_ run: WatchedRun, _ serial: UInt64, _ outcome: Outcome) {
    closeOutput(run, .standardOutput)
    closeOutput(run, .standardError)
    deadlines.remove(serial)
    runs[serial] = nil
    var completion = run.completion(outcome)
    completion.survivors = survivors(of: run, outcome)
    if let group = run.tree.group { groups?.release(group) }
    observer.ended(run.attempt, completion)
  }

  private func stopWatchingProcess(of run: WatchedRun) {
    switch run.process {
    case .some(let process): watchList.forget(process.number)
    case .none: return
    }
    run.process = nil
  }

  /// Reads a status of wait(2).
  static func outcome(ofStatus status: Int32) -> Outcome {
    let signal = status & 0x7F
    return signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal)
  }
}

// MARK: - Looks at processes

extension Watcher {
  /// The processes that live, looked at once for all runs that one wake concerns; none are needed with a group.
  private func look(for run: WatchedRun) -> LivingProcesses? {
    guard run.tree.group == nil else { return nil }
    if let living { return living }
    let found = LivingProcesses()
    living = .some(found)
    return found
  }

  /// What is left of a run of which nothing was to be left.
  private func survivors(of run: WatchedRun, _ outcome: Outcome) -> [Survivor] {
    let isWhole = run.leftovers == .kill || outcome == .timedOut || outcome == .interrupted
    guard isWhole, run.tree.group == nil, !run.runID.isEmpty else { return [] }
    // One look serves all that ended before it: at a stop, there may be many.
    if let survivors, let ended = run.ended, survivors.taken > max(ended, run.treeKilled ?? ended) {
      return survivors.ofRun(run.runID, outsideOf: run.tree.pid)
    }
    let found = Survivors()
    survivors = found
    return found.ofRun(run.runID, outsideOf: run.tree.pid)
  }

  private func tellThatItCannotEnd(_ run: WatchedRun) {
    guard !run.isKnownUnreachable else { return }
    run.isKnownUnreachable = true
    observer.cannotEnd(
      run.attempt,
      "this daemon may not signal the processes of \(run.user): give it CAP_KILL, which the unit's drop-in run-as.conf "
        + "does, or a delegated control group")
  }
}
