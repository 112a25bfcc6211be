// SPDX-License-Identifier: Apache-2.0

import Events
import Glibc
import Logging
import Settings
import Synchronization

/// All sources at work, and those that end.
///
/// The main thread makes, changes and ends them; the journal's thread holds and releases them.
final class SourceSet: Sendable {
  /// Makes a line, which starts nothing yet.
  typealias Making = @Sendable (_ source: SourceSettings, _ plan: Plan) -> SourceLine

  private struct State {
    /// In the order of the configuration.
    var lines: [SourceLine] = []
    var retiring: [SourceLine] = []
    /// Why nothing is read at present.
    var hold: String?
  }

  private let state = Mutex(State())
  private let board: DaemonBoard
  private let logger: Logger
  private let make: Making

  init(board: DaemonBoard, logger: Logger, make: @escaping Making) {
    self.board = board
    self.logger = logger
    self.make = make
  }

  var count: Int { state.withLock(\.lines.count) }

  /// Which sources a plan makes different.
  struct Changes {
    var connected: [String] = []
    var disconnected: [String] = []
  }

  /// Brings the sources into line with a plan; at the start, makes them all.
  ///
  /// Those whose settings are as they were go on without a pause, with the plan's actions. One that is connected anew
  /// has given back what it had not taken before the new connection asks, so that the order of events stays.
  @discardableResult
  func adopt(_ plan: Plan) -> Changes {
    var changes = Changes()
    var old = state.withLock(\.lines)
    var lines: [SourceLine] = []
    var fresh: [SourceLine] = []
    for source in plan.configuration.sources where source.isConsumed {
      if let index = old.firstIndex(where: { $0.name == source.name && $0.fits(source) }) {
        let line = old.remove(at: index)
        line.adopt(EventSorter.Work(source.reading, plan))
        lines.append(line)
      } else {
        let line = make(source, plan)
        changes.connected.append(source.name)
        fresh.append(line)
        lines.append(line)
      }
    }
    changes.disconnected = old.map(\.name).filter { !changes.connected.contains($0) }
    retire(old)
    board.setSources(plan.configuration, changed: Set(fresh.map(\.name)))
    for source in plan.configuration.sources where !source.isConsumed {
      logger.warning(
        "source is not consumed: no enabled action can match its events", metadata: [LogKey.source: "\(source.name)"])
    }
    state.withLock { state in
      state.lines = lines
      for line in fresh { line.hold(state.hold) }
    }
    for line in fresh { line.start() }
    return changes
  }

  /// Ends lines, but not before what they took is settled.
  private func retire(_ lines: [SourceLine]) {
    guard !lines.isEmpty else { return }
    state.withLock { state in
      state.retiring.removeAll(where: \.hasStopped)
      state.retiring += lines
    }
    for line in lines { line.retire() }
    let deadline = ContinuousClock.now + .seconds(5)
    while lines.contains(where: { !$0.hasDrained }), ContinuousClock.now < deadline { usleep(2_000) }
    for line in lines where !line.hasDrained {
      logger.warning(
        "source is connected anew before its broker has confirmed the end of the old subscription",
        metadata: [LogKey.source: "\(line.name)"])
    }
  }

  /// Holds every source, with the reason; nil = they are read again.
  func hold(_ reason: String?) {
    state.withLock { state in
      state.hold = reason
      for line in state.lines { line.hold(reason) }
    }
  }

  func stopTaking() { for line in state.withLock(\.lines) { line.stopTaking() } }

  /// Closes all of them, side by side: each may wait seconds for a broker that does not answer.
  func close() {
    let lines = state.withLock { $0.lines + $0.retiring }
    for line in lines { line.announceClose() }
    for line in lines { line.close() }
  }
}
