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
  static let lastTurns = 80

  let watchList: WatchList
  let groups: ControlGroups?
  let observer: any RunObserver
  private var orphans: OrphanReaper?
  var runs: [UInt64: WatchedRun] = [:]
  var deadlines = DeadlineQueue()
  private let lifeSign: LifeSign
  /// When the watcher will wake at the latest: at the first deadline, or earlier.
  private var alarm = Moment.never
  var living: LivingProcesses??
  var survivors: Survivors?
  private let buffer: UnsafeMutableBufferPointer<UInt8>

  init(watchList: WatchList, groups: ControlGroups?, observer: any RunObserver, lifeSign: LifeSign) {
    self.watchList = watchList
    self.groups = groups
    orphans = OrphanReaper()
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
      orphans?.reap(exceptFor: runs.values)
      if news.isLast, runs.isEmpty {
        groups?.sweep()
        return
      }
      // While scripts come and go, the next one's first deadline is not before the end of this sleep, and rings no bell.
      setAlarm(sleep: count > 0 || !news.runs.isEmpty ? WatchedRun.briefness : LifeSign.interval)
      count = watchList.waitForEvents(events, until: alarm)
    }
  }

  private func take(_ news: WatchList.News) {
    for attempt in news.unstarted { observer.ended(attempt, .unstarted(.interrupted)) }
    for (serial, run) in news.runs {
      runs[serial] = run
      deadlines.set(run.firstDeadline, for: serial)
    }
    if news.isInterrupted || news.runs.contains(where: { $0.run.interruptions < news.interruptions }) {
      living = nil
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
    living = nil
    while let serial = deadlines.popDue(at: now) {
      guard let run = runs[serial] else { continue }
      switch run.phase {
      case .running:
        if now < run.timeout { attend(to: run, serial, now) } else { terminate(run, serial, as: .timedOut) }
      case .ending(let outcome):
        killTree(of: run)
        run.phase = .killed(outcome)
      case .killed: break
      case .orphaned(let outcome): lookAtOrphans(run, serial, outcome, now)
      case .draining(let outcome): finish(run, serial, outcome)
      }
    }
  }

  /// Reads a script's output while it runs, from now on, and tells that it endures.
  private func attend(to run: WatchedRun, _ serial: UInt64, _ now: Moment) {
    let isWatched = watchOutput(of: run, serial)
    deadlines.set(isWatched ? run.timeout : min(run.timeout, now.advanced(by: WatchedRun.briefness)), for: serial)
    guard !run.isMarked else { return }
    run.isMarked = true
    observer.endures(run.attempt, pid: run.tree.pid)
  }

  /// Chooses how long to sleep.
  ///
  /// An alarm that is earlier than needed stays, so that short runs, one after the other, do not move it each time.
  private func setAlarm(sleep longest: Duration) {
    let now = Moment.now()
    let first = min(deadlines.first ?? .never, orphans?.nextLook ?? .never, now.advanced(by: longest))
    if first < alarm || alarm <= now { alarm = first }
  }
}

// MARK: - Output

extension Watcher {
  /// Lets what a script prints wake this thread from now on.
  ///
  /// Where the kernel refuses that for now, reads what is there; to be tried again.
  @discardableResult
  func watchOutput(of run: WatchedRun, _ serial: UInt64) -> Bool {
    do throws(ErrorNumber) {
      try run.standardOutput.watch(in: watchList, as: .output(serial, .standardOutput))
      try run.standardError.watch(in: watchList, as: .output(serial, .standardError))
      return true
    } catch {
      readOutput(run, .standardOutput, turns: Self.lastTurns)
      readOutput(run, .standardError, turns: Self.lastTurns)
      return false
    }
  }

  func readOutput(_ run: WatchedRun, _ stream: OutputStream, turns: Int) {
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

  func closeOutput(_ run: WatchedRun, _ stream: OutputStream) {
    let observer = observer
    run.with(stream) { watched in
      guard watched.descriptor != nil else { return }
      watched.close(in: watchList) { observer.printed(run.attempt, stream, $0) }
    }
  }
}
