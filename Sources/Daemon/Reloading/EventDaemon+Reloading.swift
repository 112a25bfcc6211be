// SPDX-License-Identifier: Apache-2.0

import Events
import Events
import Glibc
import Logging
import Settings
import Synchronization
import WebAPI

extension EventDaemon {
  /// Reads the configuration again and takes all of it over, or nothing, and tells everybody who waits for it.
  func reload() {
    let waiting = reloads.take()
    service.reloading()
    let result = tryReload()
    switch result {
    case .success(let report):
      board.noteReload(failure: nil)
      metrics.configurationRead(configuration)
      logger.notice("configuration reloaded", metadata: report.facts)
    case .failure(let refusal):
      let reasons = refusal.reasons
      board.noteReload(failure: reasons.joined(separator: "; "))
      metrics.configurationRefused()
      tellRefusal(reasons)
      for reason in reasons { logger.error("configuration problem", metadata: [LogKey.reason: "\(reason)"]) }
      logger.error("configuration not reloaded: the one before goes on", metadata: ["problems": "\(reasons.count)"])
    }
    service.ready()
    for waiting in waiting { waiting.resume(returning: result) }
  }

  /// Reloads where the configuration says so and its files have changed.
  func reloadIfChanged() {
    guard configuration.scripts.reload == .watch, watch.look(origin.stamp, at: .now) else { return }
    logger.info("configuration files have changed")
    reload()
  }

  private func tryReload() -> ReloadRequests.Answer {
    watch.hasRead(origin.stamp)
    let next: Configuration
    switch origin.loadWhenSettled() {
    case .loaded(let configuration): next = configuration
    case .refused(let problems, _): return .failure(.configuration(problems.map { "\($0)" }))
    case nil:
      return .failure(
        .configuration(["the files are being written all the time; reload once that has come to its end"]))
    }
    let obstacles = next.needsRestart(after: configuration)
    guard obstacles.isEmpty else { return .failure(.configuration(obstacles)) }
    let plan = Plan(next)
    var report = ReloadReport(from: configuration, to: next)
    if let refusal = haveAdopted(plan, report) { return .failure(refusal) }
    configuration = next
    longestKillAfter = max(longestKillAfter, next.longestKillAfter)
    let changes = sources.adopt(plan)
    report.connectedSources = changes.connected
    report.disconnectedSources = changes.disconnected
    log.adopt(next.log)
    doors.adopt(tokens: next.api.accessTokens, hosts: next.api.hosts)
    DescriptorLimit.raise(for: next, logger)
    for (place, message) in next.warnings { logger.warning("\(message)", metadata: ["place": "\(place)"]) }
    return .success(report)
  }

  private func tellRefusal(_ reasons: [String]) {
    let facts: [String: OwnEvent.Fact] = [
      "problems": .texts(reasons.prefix(20).map(\.cut)), "count": .integer(Int64(reasons.count)),
    ]
    dispatcher.inputs.add(.happened(OwnEvent(.reloadFailed, facts)))
  }

  /// Has the journal's thread take over a plan, and tell of it.
  ///
  /// - Returns: Why nothing changed; nil = it holds.
  private func haveAdopted(_ plan: Plan, _ report: ReloadReport) -> ControlError? {
    let offer = Offer()
    dispatcher.inputs.add(
      .asked(
        Request(
          perform: { dispatcher, effects in
            guard offer.begin() else { throw ControlError.unavailable("the reload was given up") }
            try dispatcher.adopt(plan, &effects)
            try dispatcher.tell(report, &effects)
          },
          answer: { offer.answer($0) })))
    return offer.wait(atMost: .seconds(30))
  }
}

/// Something that the journal's thread does or has not done in time, but never both.
private final class Offer: Sendable {
  private enum Phase {
    case open, begun, withdrawn
    case answered(ControlError?)
  }

  private let phase = Mutex(Phase.open)

  /// Whether it is still wanted.
  func begin() -> Bool {
    phase.withLock { phase in
      guard case .open = phase else { return false }
      phase = .begun
      return true
    }
  }

  func answer(_ refusal: ControlError?) {
    phase.withLock { phase in
      if case .withdrawn = phase { return }
      phase = .answered(refusal)
    }
  }

  /// - Returns: Why it was not done; nil = it was.
  func wait(atMost limit: Duration) -> ControlError? {
    let deadline = ContinuousClock.now + limit
    while true {
      let (isAnswered, answer) = phase.withLock { phase -> (Bool, ControlError?) in
        switch phase {
        case .answered(let refusal): return (true, refusal)
        case .open where ContinuousClock.now >= deadline:
          phase = .withdrawn
          return (true, .unavailable("the journal's thread is busy, or its disk does not answer; try again later"))
        // The disk may never answer; a stop must not wait for it. What becomes of the reload is of no interest then.
        case .begun where DaemonSignals.isStopPending: return (true, .unavailable("the daemon is stopping"))
        case .open, .begun, .withdrawn: return (false, nil)
        }
      }
      if isAnswered { return answer }
      usleep(1_000)
    }
  }
}

extension Configuration {
  /// How long after TERM the most patient action's scripts are sent KILL.
  var longestKillAfter: Duration { actions.map(\.killAfter).max() ?? .zero }

  /// What a running daemon cannot change, a sentence each; none = it can take this over.
  func needsRestart(after old: Configuration) -> [String] {
    var obstacles: [String] = []
    func look<Value: Equatable>(_ key: String, _ path: KeyPath<Configuration, Value>) {
      guard self[keyPath: path] != old[keyPath: path] else { return }
      obstacles.append("\(key) has changed, which takes a restart: 'systemctl restart onevent'; or change it back")
    }
    look("[journal] path", \.journal.path)
    look("[api] socket", \.api.socket)
    look("[api] socket_group", \.api.socketGroup)
    look("[api] listen", \.api.listen)
    look("[log] format", \.log.format)
    look("[scripts] output_limit", \.scripts.outputLimit)
    if NewPrivileges.areRenounced, old.actions.allSatisfy(\.noNewPrivileges), !actions.allSatisfy(\.noNewPrivileges) {
      obstacles.append(
        "no_new_privs = no takes a restart: the daemon has renounced new privileges, since no action asked for them")
    }
    return obstacles
  }
}

extension ReloadReport {
  /// Compares the actions of two configurations.
  fileprivate init(from old: Configuration, to new: Configuration) {
    self.init()
    let before = Dictionary(old.actions.map { ($0.name, $0.fingerprint) }) { first, _ in first }
    let after = Set(new.actions.map(\.name))
    revision = new.revision
    addedActions = new.actions.map(\.name).filter { before[$0] == nil }
    changedActions = new.actions.filter { before[$0.name].map { [new = $0.fingerprint] in $0 != new } ?? false }
      .map(\.name)
    removedActions = old.actions.map(\.name).filter { !after.contains($0) }
  }

  fileprivate var facts: Logger.Metadata {
    var facts: Logger.Metadata = ["revision": "\(revision)"]
    for (key, names) in [
      ("added", addedActions), ("changed", changedActions), ("removed", removedActions),
      ("connected", connectedSources), ("disconnected", disconnectedSources),
    ] where !names.isEmpty { facts[key] = "\(names.joined(separator: ", "))" }
    return facts
  }
}

extension ControlError {
  /// Sentences.
  fileprivate var reasons: [String] {
    switch self {
    case .configuration(let problems): problems
    case .notFound(let sentence), .refused(let sentence), .unavailable(let sentence): [sentence]
    }
  }
}
