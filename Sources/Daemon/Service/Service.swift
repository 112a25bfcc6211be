// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Logging
import Scripts
import Synchronization
import WebAPI

/// Tells the service manager how we are (sd_notify(3)), and feeds its watchdog for as long as every thread moves.
///
/// Its own thread does what is due: the status line, signs of life, more time while we drain. Without a manager there
/// is only the look at the threads, which the log and `hangingThreads` report.
package final class Service: Sendable {
  private struct State {
    var notifications: Notifications
    var hanging: Set<String> = []
    var waiting: Set<String> = []
    var hasFailed = false
  }

  /// From when on a wait for something outside of us is worth a line in the log.
  private static let longWait = Duration.seconds(30)

  private let socket: DatagramSocket?
  private let pulses = Mutex<[Pulse]>([])
  private let state: Mutex<State>
  private let board: DaemonBoard
  private let logger: Logger

  init(_ environment: ServiceEnvironment, board: DaemonBoard, logger: Logger) {
    self.board = board
    self.logger = logger
    state = Mutex(State(notifications: Notifications(watchdog: environment.watchdog)))
    guard let address = environment.notifySocket else {
      socket = nil
      return
    }
    do throws(DatagramFailure) {
      socket = try DatagramSocket(to: address)
    } catch {
      logger.warning("service manager cannot be told anything", metadata: [LogKey.reason: "\(error)"])
      socket = nil
    }
  }

  /// Makes a pulse for a thread that the watchdog is to look at; it counts from its first beat to its end.
  func pulse(_ kind: String, _ object: String = "") -> Pulse {
    let pulse = Pulse(kind, object)
    pulses.withLock { $0.append(pulse) }
    return pulse
  }

  /// Makes a pulse for a thread of the script runner.
  func lifeSign(_ kind: String, _ object: String = "") -> LifeSign {
    let pulse = pulse(kind, object)
    return LifeSign { pulse.beat(within: $0) }
  }

  /// Forgets a pulse whose thread ends or has never come to be.
  func end(_ pulse: Pulse) {
    pulse.end()
    pulses.withLock { $0.removeAll { $0 === pulse } }
  }

  /// The threads that do not move although they should, by name; empty while all is well.
  var hangingThreads: [String] { state.withLock { $0.hanging.sorted() } }

  /// Begins to look after threads and status, on a thread of its own that ends with this object.
  func start() throws(ThreadFailure) {
    try startThread(named: "service") { [weak self] in
      while let pause = self?.turn() { usleep(UInt32(clamping: pause.nanoseconds / 1000)) }
    }
  }

  /// Says that the configuration is valid, the journal open and the socket made; also ends a reload, whatever came of it.
  func ready() { tell { $0.becomeReady() } }

  /// Says that the configuration is being read anew; `ready` must follow.
  func reloading() { tell { $0.beginReload(now: clinux_monotonic_time()) } }

  /// Says that we stop, and asks for the time that it takes; the watchdog is not fed any more.
  ///
  /// - Parameter limit: The longest that all of it can take.
  func stopping(within limit: Duration) { tell { $0.beginStop(now: clinux_monotonic_time(), within: limit) } }

  /// Does what is due; returns how long to wait before the next turn.
  private func turn() -> Duration {
    let now = clinux_monotonic_time()
    let (pace, isStopping) = state.withLock { ($0.notifications.pace, $0.notifications.isStopping) }
    // At the end threads end, one after the other.
    let hanging = isStopping ? [] : lookAtThreads(now)
    guard socket != nil else { return pace }
    var status = DaemonStatus()
    board.fill(&status)
    let line = StatusLine.text(of: status, hanging: hanging)
    tell { $0.turn(now: now, status: line, allMove: hanging.isEmpty) }
    return pace
  }

  /// Notes which threads hang, and tells what changed.
  private func lookAtThreads(_ now: Int64) -> [String] {
    let tolerance = state.withLock(\.notifications.tolerance)
    var hanging: [String: Int64] = [:]
    var waiting: [String: Int64] = [:]
    for pulse in pulses.withLock({ $0 }) {
      switch pulse.look(at: now, tolerance: tolerance) {
      case .moves: break
      case .waits(let since): if now - since > Self.longWait.nanoseconds { waiting[pulse.name] = since }
      case .hangs(let since): hanging[pulse.name] = since
      }
    }
    let before = state.withLock { state in
      defer { (state.hanging, state.waiting) = (Set(hanging.keys), Set(waiting.keys)) }
      return (hanging: state.hanging, waiting: state.waiting)
    }
    for (name, since) in hanging where !before.hanging.contains(name) {
      logger.critical("a thread hangs: the watchdog is not fed", metadata: facts(name, now - since))
    }
    for (name, since) in waiting where !before.waiting.contains(name) {
      logger.warning(
        "a thread waits for what the daemon cannot hurry, as a file server or a disk that does not answer",
        metadata: facts(name, now - since))
    }
    for name in before.hanging.union(before.waiting) where hanging[name] == nil && waiting[name] == nil {
      logger.notice("a thread moves again", metadata: ["thread": "\(name)"])
    }
    return hanging.keys.sorted()
  }

  private func facts(_ name: String, _ nanoseconds: Int64) -> Logger.Metadata {
    ["thread": "\(name)", LogKey.duration: "\(seconds(.nanoseconds(nanoseconds)))"]
  }

  /// Sends what a change of state asks to be told, in the order of the changes.
  private func tell(_ change: (inout Notifications) -> [String]) {
    let failure = state.withLock { state -> DatagramFailure? in
      let lines = change(&state.notifications)
      guard !lines.isEmpty, socket != nil else { return nil }
      let result = send(lines)
      defer { state.hasFailed = result != nil }
      return state.hasFailed ? nil : result
    }
    guard let failure else { return }
    logger.warning("service manager was not told", metadata: [LogKey.reason: "\(failure)"])
  }

  private func send(_ lines: [String]) -> DatagramFailure? {
    do throws(DatagramFailure) {
      try socket?.send(Array(lines.joined(separator: "\n").utf8)[...])
      return nil
    } catch {
      return error
    }
  }
}
