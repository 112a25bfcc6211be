// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Glibc
import Logging
import Scripts
import Synchronization

/// Takes accepted events, starts their runs in order and within the limits, and settles their deliveries.
///
/// Called from the sources' threads with events and from the runner's threads with outcomes; decisions are made under
/// one lock, their effects (starting, settling, logging) happen outside it.
final class Dispatcher: Sendable {
  private struct State {
    var queue: RunQueue
    var events = OpenEvents()
    var runs: [UInt64: Run] = [:]
    var running: [UInt64: Running] = [:]
    /// The run of each attempt that has not ended.
    var attempts: [UInt64: UInt64] = [:]
    /// Runs whose start the system had no resources for, and when it is tried again; they keep their places.
    var starved: [UInt64: ContinuousClock.Instant] = [:]
    var lastRun: UInt64 = 0
    var lastAttempt: UInt64 = 0
    var isDraining = false
  }

  private struct Running {
    var since: ContinuousClock.Instant
    var isWarned = false
  }

  private struct Start {
    var attempt: UInt64
    var run: Run
  }

  /// How long a start waits that the system had no resources for.
  private static let starvation = Duration.milliseconds(500)

  private let state: Mutex<State>
  private let runner: any AttemptStarter
  private let log: RunLog
  private let counters: Counters

  init(actions: [Action], maxConcurrent: Int, runner: any AttemptStarter, log: RunLog, counters: Counters) {
    state = Mutex(State(queue: RunQueue(maxRunning: maxConcurrent, limits: actions.map(\.maxConcurrent))))
    self.runner = runner
    self.log = log
    self.counters = counters
  }

  /// Registers a delivery; only a new event is to be followed by `enqueue`.
  ///
  /// - Returns: `.new` with the event's number; `.joined` when the event is going on, and the delivery is settled with
  ///   it; `.ended` when it has ended before, and the delivery is to be settled at once.
  func admit(_ identity: EventIdentity?, _ receipt: Receipt) -> OpenEvents.Admission {
    state.withLock { $0.events.admit(identity, receipt) }
  }

  /// Takes the runs of a new event, in the order of the files, and starts what may start.
  ///
  /// - Returns: How the delivery is to be settled at once; nil = when its runs have ended.
  func enqueue(_ runs: [Run], of event: UInt64) -> Settlement? {
    let (settlement, starts) = state.withLock { state -> (Settlement?, [Start]) in
      guard !runs.isEmpty else {
        _ = state.events.close(event)
        return (.accepted, [])
      }
      guard !state.isDraining else {
        state.events.markInterrupted(event)
        _ = state.events.close(event)
        return (.returned, [])
      }
      var numbers: [UInt64] = []
      for run in runs {
        state.lastRun += 1
        numbers.append(state.lastRun)
        state.runs[state.lastRun] = run
        state.queue.add(state.lastRun, action: run.action, key: run.key)
      }
      state.events.setRuns(numbers, of: event)
      return (nil, Self.takeStartable(&state))
    }
    start(starts)
    return settlement
  }

  /// Ends what can be ended without a script: events of which nothing has started are given back to their source.
  ///
  /// What has started is finished, with all runs of its event.
  func drain() {
    let (returned, starts) = state.withLock { state -> ([Receipt], [Start]) in
      state.isDraining = true
      var receipts: [Receipt] = []
      for (number, event) in state.events.all where !event.hasStarted && !event.runs.isEmpty {
        for run in event.runs {
          state.queue.remove(run)
          state.runs[run] = nil
        }
        state.events.markInterrupted(number)
        receipts += state.events.close(number)?.receipts ?? []
      }
      // What was given back may have stood before runs of events that are to be finished.
      return (receipts, Self.takeStartable(&state))
    }
    start(starts)
    settle(returned, as: .returned)
  }

  /// Gives back what has not ended and starts nothing any more; the scripts that run are the caller's to end.
  func abandonPending() {
    let returned = state.withLock { state -> [Receipt] in
      state.isDraining = true
      var receipts: [Receipt] = []
      for (number, event) in state.events.all {
        for run in event.runs where state.running[run] == nil || state.starved[run] != nil {
          state.queue.remove(run)
          state.runs[run] = nil
          state.running[run] = nil
          state.starved[run] = nil
          state.events.markInterrupted(number)
          receipts += state.events.end(run, of: number)?.receipts ?? []
        }
      }
      return receipts
    }
    settle(returned, as: .returned)
  }

  /// Whether every accepted event has ended.
  var isIdle: Bool { state.withLock { $0.events.isEmpty } }

  var runningCount: Int { state.withLock { $0.queue.runningCount } }

  /// Tells, once each, of runs that take longer than their action's `warn_after`.
  func warnOfSlowRuns(now: ContinuousClock.Instant = .now) {
    let slow = state.withLock { state -> [(Run, Duration)] in
      var slow: [(Run, Duration)] = []
      for (number, running) in state.running where !running.isWarned {
        guard let run = state.runs[number], now - running.since >= run.warnAfter else { continue }
        state.running[number]?.isWarned = true
        slow.append((run, now - running.since))
      }
      return slow
    }
    for (run, duration) in slow { log.slow(run, duration) }
  }

  /// Starts again what the system had no resources for, as soon as its time has come.
  func retryStarvedStarts(now: ContinuousClock.Instant = .now) {
    let starts = state.withLock { state -> [Start] in
      let due = state.starved.filter { $0.value <= now }.keys.sorted()
      for run in due { state.starved[run] = nil }
      return due.compactMap { Self.makeAttempt(of: $0, &state) }
    }
    start(starts)
  }

  private static func takeStartable(_ state: inout State) -> [Start] {
    var starts: [Start] = []
    while let run = state.queue.startNext() {
      state.running[run] = Running(since: .now)
      if let event = state.runs[run]?.event { state.events.markStarted(event) }
      if let start = makeAttempt(of: run, &state) { starts.append(start) }
    }
    return starts
  }

  private static func makeAttempt(of run: UInt64, _ state: inout State) -> Start? {
    guard let facts = state.runs[run] else { return nil }
    state.lastAttempt += 1
    state.attempts[state.lastAttempt] = run
    return Start(attempt: state.lastAttempt, run: facts)
  }

  private func start(_ starts: [Start]) {
    for start in starts { runner.start(start.run.invocation, as: AttemptID(start.attempt)) }
  }

  private func settle(_ receipts: [Receipt], as settlement: Settlement) {
    for receipt in receipts {
      receipt.settler.settle([(receipt.tag, settlement)])
    }
  }
}

/// Starts attempts: the script runner, or a recorder in tests.
protocol AttemptStarter: Sendable {
  func start(_ invocation: Invocation, as attempt: AttemptID)
}

extension ScriptRunner: AttemptStarter {}

extension Dispatcher: RunObserver {
  func started(_ attempt: AttemptID, pid: Int32) {
    if let run = run(of: attempt) { log.started(run, pid: pid) }
  }

  func printed(_ attempt: AttemptID, _ stream: OutputStream, _ line: UnsafeBufferPointer<UInt8>) {
    if let run = run(of: attempt) { log.printed(run, stream, line) }
  }

  func ended(_ attempt: AttemptID, _ completion: Completion) {
    if completion.outcome.isStarvation, holdBack(attempt, completion) { return }
    let ending = state.withLock { state -> (run: Run, event: OpenEvents.OpenEvent?, starts: [Start])? in
      guard let number = state.attempts.removeValue(forKey: attempt.number),
        let run = state.runs.removeValue(forKey: number)
      else { return nil }
      state.running[number] = nil
      state.queue.remove(number)
      if completion.outcome == .interrupted { state.events.markInterrupted(run.event) }
      let event = state.events.end(number, of: run.event)
      return (run, event, Self.takeStartable(&state))
    }
    guard let ending else { return }
    start(ending.starts)
    counters.countEnd(completion.outcome)
    log.ended(ending.run, completion)
    if let event = ending.event {
      settle(event.receipts, as: event.isInterrupted ? .returned : .accepted)
    }
  }

  private func run(of attempt: AttemptID) -> Run? {
    state.withLock { state in state.attempts[attempt.number].flatMap { state.runs[$0] } }
  }

  /// Keeps a run whose start the system had no resources for: that is no fault of the script, and no end of the run.
  private func holdBack(_ attempt: AttemptID, _ completion: Completion) -> Bool {
    let run = state.withLock { state -> Run? in
      guard let number = state.attempts.removeValue(forKey: attempt.number), let run = state.runs[number] else {
        return nil
      }
      state.starved[number] = .now + Self.starvation
      return run
    }
    if let run { log.starved(run, completion) }
    return run != nil
  }
}

extension Outcome {
  /// Whether the start failed for want of descriptors, processes or memory.
  fileprivate var isStarvation: Bool {
    guard case .couldNotStart(let errno, _) = self else { return false }
    return [EAGAIN, EMFILE, ENFILE, ENOMEM].contains(errno)
  }
}
