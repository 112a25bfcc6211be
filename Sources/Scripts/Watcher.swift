// SPDX-License-Identifier: Apache-2.0

import CLinux
import Events
import Glibc

/// Watches running scripts on a thread of its own: output, ends and deadlines.
///
/// Not Sendable: it is made on that thread and stays there.
final class Watcher {
  /// How much of a stream is read before others get their turn, in bytes.
  private static let turn = 16 << 10
  /// Turns for what lies in the pipes when a script has ended: more than the 1 MiB that a pipe can be made to hold
  /// (`fs.pipe-max-size`), so that only somebody who still writes is cut short.
  private static let lastTurns = 80
  /// How long a script's end waits for those who hold its pipes.
  private static let patience = Duration.milliseconds(20)
  /// How often a group is looked at whose script ended after TERM.
  private static let lookInterval = Duration.milliseconds(50)

  private let watchList: WatchList
  private let observer: any RunObserver
  private let lifeSign: LifeSign
  private var runs: [UInt64: WatchedRun] = [:]
  private var deadlines = DeadlineQueue()
  /// When the watcher will wake at the latest: at the first deadline, or earlier.
  private var alarm = Moment.never
  private var livingGroups: Set<pid_t>??
  private let buffer: UnsafeMutableBufferPointer<UInt8>

  init(watchList: WatchList, observer: any RunObserver, lifeSign: LifeSign) {
    self.watchList = watchList
    self.observer = observer
    self.lifeSign = lifeSign
    buffer = .allocate(capacity: Self.turn)
  }

  deinit { buffer.deallocate() }

  /// Works until the last run has ended and none comes any more.
  func run() {
    let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: 64)
    defer { events.deallocate() }
    var count = 0
    while true {
      lifeSign(within: LifeSign.work)
      // Before the events: a run's first event may come with the news of it.
      let news = watchList.takeNews()
      take(news)
      for event in events[..<count] { handle(WatchToken(event.data.u64)) }
      passDeadlines()
      if news.isLast, runs.isEmpty { return }
      setAlarm()
      count = watchList.waitForEvents(events, until: alarm)
    }
  }

  private func take(_ news: WatchList.News) {
    for attempt in news.unstarted { observer.ended(attempt, .unstarted(.interrupted)) }
    for (serial, run) in news.runs {
      runs[serial] = run
      deadlines.set(run.timeout, for: serial)
    }
    if news.isInterrupted || news.runs.contains(where: { $0.run.interruptions < news.interruptions }) {
      for (serial, run) in runs where run.interruptions < news.interruptions {
        if case .running = run.phase { terminate(run, serial, as: .interrupted) }
      }
    }
    if news.hurries { hurry() }
  }

  /// Lets KILL be due for everything that is being ended.
  private func hurry() {
    let now = Moment.now()
    for (serial, run) in runs {
      switch run.phase {
      case .ending, .orphaned:
        run.killAt = now
        deadlines.set(now, for: serial)
      case .running, .killed, .draining: break
      }
    }
  }

  private func handle(_ token: WatchToken) {
    switch token {
    case .doorbell:
      watchList.answerDoorbell()
    case .process(let serial):
      // May be gone: it ended with an earlier event of the same look.
      if let run = runs[serial] { processEnded(run, serial) }
    case .output(let serial, let stream):
      guard let run = runs[serial] else { return }
      readOutput(run, stream, turns: 1)
      if case .draining(let outcome) = run.phase { finishIfDrained(run, serial, outcome) }
    }
  }

  private func passDeadlines() {
    guard !deadlines.isEmpty else { return }
    let now = Moment.now()
    livingGroups = nil
    while let serial = deadlines.popDue(at: now) {
      guard let run = runs[serial] else { continue }
      switch run.phase {
      case .running: terminate(run, serial, as: .timedOut)
      case .ending(let outcome):
        run.signal(SIGKILL)
        run.phase = .killed(outcome)
      case .killed: break
      case .orphaned(let outcome): lookAtOrphans(run, serial, outcome, now)
      case .draining(let outcome): finish(run, serial, outcome)
      }
    }
  }

  /// Chooses how long to sleep.
  ///
  /// An alarm that is earlier than needed stays, so that short runs, one after the other, do not move it each time.
  private func setAlarm() {
    let now = Moment.now()
    let first = min(deadlines.first ?? .never, now.advanced(by: LifeSign.interval))
    if first < alarm || alarm <= now { alarm = first }
  }
}

// MARK: - How runs end

extension Watcher {
  /// Asks the script's group to end.
  ///
  /// CONT follows, because a stopped process does not notice TERM.
  private func terminate(_ run: WatchedRun, _ serial: UInt64, as outcome: Outcome) {
    run.signal(SIGTERM)
    run.signal(SIGCONT)
    run.phase = .ending(outcome)
    run.killAt = Moment.now().advanced(by: run.killAfter)
    deadlines.set(run.killAt, for: serial)
  }

  private func processEnded(_ run: WatchedRun, _ serial: UInt64) {
    switch run.phase {
    case .running: reap(run, serial, as: nil)
    case .killed(let outcome): reap(run, serial, as: outcome)
    case .ending(let outcome):
      run.ended = .now()
      stopWatchingProcess(of: run)
      livingGroups = nil
      lookAtOrphans(run, serial, outcome, .now())
    case .orphaned, .draining: break
    }
  }

  /// Waits for the rest of an ended script's group until KILL is due.
  private func lookAtOrphans(_ run: WatchedRun, _ serial: UInt64, _ outcome: Outcome, _ now: Moment) {
    if livingGroups == nil { livingGroups = .some(ProcessGroups.living()) }
    // Where /proc cannot be read, the group counts as living.
    let lives = livingGroups?.map { $0.contains(run.pid) } ?? true
    guard lives, now < run.killAt else {
      if lives { run.signal(SIGKILL) }
      reap(run, serial, as: outcome)
      return
    }
    run.phase = .orphaned(outcome)
    deadlines.set(min(run.killAt, now.advanced(by: Self.lookInterval)), for: serial)
  }

  /// Waits for an ended script, whose number may belong to another process from here on.
  ///
  /// The outcome is nil if it ended by itself.
  private func reap(_ run: WatchedRun, _ serial: UInt64, as outcome: Outcome?) {
    var status: Int32 = 0
    let result = waitpid(run.pid, &status, WNOHANG)
    guard result != 0 else {
      // A debugger has the first word. Its process descriptor reports the run again, an orphaned one has none.
      if run.process == nil { deadlines.set(Moment.now().advanced(by: Self.lookInterval), for: serial) }
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
    if runs[serial] != nil { deadlines.set(Moment.now().advanced(by: Self.patience), for: serial) }
  }

  private func finishIfDrained(_ run: WatchedRun, _ serial: UInt64, _ outcome: Outcome) {
    if run.standardOutput.descriptor == nil, run.standardError.descriptor == nil { finish(run, serial, outcome) }
  }

  private func finish(_ run: WatchedRun, _ serial: UInt64, _ outcome: Outcome) {
    closeOutput(run, .standardOutput)
    closeOutput(run, .standardError)
    deadlines.remove(serial)
    runs[serial] = nil
    observer.ended(run.attempt, run.completion(outcome))
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

// MARK: - Output

extension Watcher {
  private func readOutput(_ run: WatchedRun, _ stream: OutputStream, turns: Int) {
    let observer = observer
    for _ in 0..<turns {
      let reading = run.with(stream) { watched in
        watched.read(into: buffer) { observer.printed(run.attempt, stream, $0) }
      }
      switch reading {
      case .some: continue
      case .nothingYet: return
      case .end: return closeOutput(run, stream)
      }
    }
  }

  private func closeOutput(_ run: WatchedRun, _ stream: OutputStream) {
    let observer = observer
    run.with(stream) { watched in
      guard let descriptor = watched.descriptor else { return }
      watchList.forget(descriptor)
      watched.close { observer.printed(run.attempt, stream, $0) }
    }
  }
}
