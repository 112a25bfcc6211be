// SPDX-License-Identifier: Apache-2.0

import AMQP
import Journal
import Settings
import Synchronization
import WebAPI

/// What everybody may know of the daemon at any time: its sources, its counts, its troubles.
final class DaemonBoard: Sendable {
  private struct State {
    var sources: [String: DaemonStatus.Source] = [:]
    var order: [String] = []
    var counts = RunCounts()
    var trouble: String?
    var retention: String?
    var journalBytes: Int64 = 0
    /// What a person said of actions.
    var statuses: [String: ActionStatus] = [:]
    var tallies: [String: ActionTally] = [:]
    var isSuspended = false
    var configured = RealTime.now.nanoseconds
    var reloadFailure: String?
    var isStopping = false
    /// Why no source is read.
    var hold: String?
  }

  /// What came to one action since the start.
  struct ActionTally: Sendable {
    var matched = 0
    /// When it took an event the last time: nanoseconds since 1970.
    var lastMatch: Int64?
    var ended: [RunState: Int] = [:]
  }

  /// The state of a source that no enabled action uses.
  static let notConsumed = "not consumed"
  /// The state of the source that takes what is published to the daemon itself.
  static let local = "local"

  private let state = Mutex(State())

  // MARK: Sources

  /// Shows a configuration's sources; those that are new, that changed, or that are not consumed begin from nothing.
  func setSources(_ configuration: Configuration, changed: Set<String>) {
    let (sources, local) = (configuration.sources, configuration.local)
    state.withLock { state in
      let known = state.sources
      state.order = sources.map(\.name)
      state.sources = [:]
      for source in sources {
        let isKept = source.isConsumed && !changed.contains(source.name)
        state.sources[source.name] =
          (isKept ? known[source.name] : nil)
          ?? DaemonStatus.Source(
            name: source.name, state: source.isConsumed ? "connecting" : Self.notConsumed, host: nil, queues: [:],
            reason: source.isConsumed ? nil : "no enabled action can match its events",
            since: RealTime.now.nanoseconds)
      }
      guard local.isEnabled else { return }
      state.order.append(local.name)
      var shown = DaemonStatus.Source(
        name: local.name, state: Self.local, host: nil, queues: [:], reason: nil, since: state.configured)
      if let known = known[local.name], known.state == Self.local { shown.since = known.since }
      state.sources[local.name] = shown
    }
  }

  func observe(_ source: String, _ event: ConsumerEvent) {
    state.withLock { state in
      guard var shown = state.sources[source] else { return }
      switch event {
      case .connected(let host, _): shown.change(to: "connected", host: host, reason: nil)
      case .consuming(let queue): shown.queues[queue] = "consumed"
      case .queueMissing(let queue): shown.queues[queue] = "missing"
      case .cancelled(let queue, let reason): shown.queues[queue] = "cancelled: \(reason)"
      case .lost(let reason):
        shown.change(to: "lost", host: shown.host, reason: reason)
        for (queue, state) in shown.queues where state == "consumed" { shown.queues[queue] = "not consumed" }
      case .paused(let reason): shown.change(to: "paused", host: shown.host, reason: reason)
      // A connection that is lost while it pauses tells both.
      case .resumed where shown.state == "lost": break
      case .resumed: shown.change(to: "connected", host: shown.host, reason: nil)
      case .stopped: shown.change(to: "stopped", host: shown.host, reason: nil)
      case .retrying, .drained, .warning: break
      }
      state.sources[source] = shown
    }
  }

  // MARK: Counts

  func add(_ changes: RunCounts) { state.withLock { $0.counts.add(changes) } }
  func setCounts(_ counts: RunCounts) { state.withLock { $0.counts = counts } }
  var counts: RunCounts { state.withLock { $0.counts } }
  /// Pending and waiting runs, which is what `max_pending` bounds.
  var backlog: Int { state.withLock { $0.counts.total.pending + $0.counts.total.waiting } }
  var runningCount: Int { state.withLock { $0.counts.total.running } }

  // MARK: Troubles

  func setTrouble(_ words: String?) { state.withLock { $0.trouble = words } }
  var trouble: String? { state.withLock { $0.trouble } }
  func setRetention(_ words: String?) { state.withLock { $0.retention = words } }
  func setJournalBytes(_ bytes: Int64) { state.withLock { $0.journalBytes = bytes } }

  /// Why no source is read at present; nil = they are.
  var hold: String? { state.withLock { $0.hold } }
  func setHold(_ words: String?) { state.withLock { $0.hold = words } }
  var isStopping: Bool { state.withLock { $0.isStopping } }
  func setStopping() { state.withLock { $0.isStopping = true } }

  func setStatuses(_ statuses: [String: ActionStatus], all: Bool) {
    state.withLock { state in
      state.statuses = statuses
      state.isSuspended = all
    }
  }

  var statuses: [String: ActionStatus] { state.withLock { $0.statuses } }

  // MARK: Actions

  /// Notes that an action took an event, and what its run is; at a time in nanoseconds since 1970.
  func noteMatch(of action: String, at time: Int64, as run: RunState) {
    state.withLock { state in
      state.tallies[action, default: ActionTally()].matched += 1
      state.tallies[action]?.lastMatch = time
      if run.isEnded { state.tallies[action]?.ended[run, default: 0] += 1 }
    }
  }

  /// Notes how a run of an action ended.
  func noteEnd(of action: String, as run: RunState) {
    state.withLock { $0.tallies[action, default: ActionTally()].ended[run, default: 0] += 1 }
  }

  /// What was counted of each action since the start.
  var tallies: [String: ActionTally] { state.withLock { $0.tallies } }

  // MARK: Reloading

  /// Notes that a configuration was taken over, or with a reason that it was not.
  func noteReload(failure: String?) {
    state.withLock { state in
      state.reloadFailure = failure
      if failure == nil { state.configured = RealTime.now.nanoseconds }
    }
  }

  /// Enters what the board knows into a status.
  func fill(_ status: inout DaemonStatus) {
    state.withLock { state in
      status.sources = state.order.compactMap { state.sources[$0] }
      status.pending = state.counts.total.pending
      status.running = state.counts.total.running
      status.waiting = state.counts.total.waiting
      status.held = state.counts.held
      status.failed = state.counts.failed
      status.journalTrouble = state.trouble
      status.retentionSuspended = state.retention
      status.journalBytes = state.journalBytes
      status.isSuspended = state.isSuspended
      status.configured = state.configured
      status.reloadFailure = state.reloadFailure
      status.isStopping = state.isStopping
      for index in status.actions.indices {
        let count = state.counts.byAction[status.actions[index].name] ?? RunCounts.Count()
        status.actions[index].pending = count.pending
        status.actions[index].running = count.running
        status.actions[index].waiting = count.waiting
        let name = status.actions[index].name
        if let said = state.statuses[name] { status.actions[index].status = said.word.rawValue }
        status.actions[index].matched = state.tallies[name]?.matched ?? 0
      }
    }
  }
}

extension DaemonStatus.Source {
  fileprivate mutating func change(to state: String, host: String?, reason: String?) {
    if self.state != state { since = RealTime.now.nanoseconds }
    self.state = state
    self.host = host
    self.reason = reason
  }
}
