// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Events
import Settings
import Synchronization

/// Everything that the daemon counts and measures since its start.
///
/// The only place where these numbers are kept: `/metrics`, `onevent status` and the closing line of the log show the
/// same ones.
final class DaemonMetrics: Sendable {
  let registry = MetricRegistry(MetricCatalog.all)
  private let sources = Mutex<[String: SourceMetrics]>([:])
  private let actions = Mutex<[String: ActionMetrics]>([:])
  /// Actions that are configured, and may not have been counted yet.
  private let configuredActions = Mutex<[String]>([])
  private let commits: Recorder
  private let reloadTime: Meter
  private let reloadSuccess: Meter

  init() {
    commits = registry.histogram(MetricCatalog.journalCommit)
    reloadTime = registry.meter(MetricCatalog.reloadTime)
    reloadSuccess = registry.meter(MetricCatalog.reloadSuccess)
    registry.meter(MetricCatalog.buildInfo, ("version", Version.current)).set(1)
  }

  /// The numbers of a source.
  ///
  /// Made when they are first asked for; whoever counts often keeps them.
  func source(_ name: String) -> SourceMetrics {
    sources.withLock { sources in
      if let known = sources[name] { return known }
      let made = SourceMetrics(name, registry)
      sources[name] = made
      return made
    }
  }

  /// The numbers of an action.
  ///
  /// Made when they are first asked for: what nobody counts or looks at takes neither time nor memory.
  func action(_ name: String) -> ActionMetrics {
    actions.withLock { actions in
      if let known = actions[name] { return known }
      let made = ActionMetrics(name, registry)
      actions[name] = made
      return made
    }
  }

  // MARK: What happens to the daemon as a whole

  /// Notes that this configuration is in force from now on: all its sources and actions are shown, with zeros first.
  ///
  /// Those of its actions that have counted nothing yet are made when they are looked at.
  func configurationRead(_ configuration: Configuration) {
    for configured in configuration.sources where configured.isConsumed { _ = source(configured.name) }
    if configuration.local.isEnabled { _ = source(configuration.local.name) }
    configuredActions.withLock { $0 = configuration.actions.map(\.name) }
    reloadTime.set(Double(RealTime.now.nanoseconds) / 1e9)
    reloadSuccess.set(1)
  }

  /// Notes that a new configuration was refused, and the one before stays in force.
  func configurationRefused() { reloadSuccess.set(0) }

  /// Notes how long a commit of the journal took, in nanoseconds.
  func journalCommitted(in nanoseconds: Int64) { commits.record(Double(nanoseconds) / 1e9) }

  /// Everything, as Prometheus reads it, with what was looked up for this answer: values by the name of their family.
  func exposition(_ looked: [String: [MetricSample]] = [:]) -> [UInt8] {
    for name in configuredActions.withLock({ $0 }) { _ = action(name) }
    return registry.exposition(looked)
  }

  // MARK: Totals

  /// The counters, over all sources and actions, for the status and the closing line of the log.
  var totals: [(name: String, value: Int)] {
    var totals: [(name: String, value: Int)] = [("deliveries", registry.total(of: MetricCatalog.deliveries))]
    for result in SourceMetrics.Result.allCases {
      totals.append(("\(result)", registry.total(of: MetricCatalog.events, where: ("result", "\(result)"))))
    }
    for result in ActionMetrics.Result.allCases {
      totals.append(("\(result)", registry.total(of: MetricCatalog.runs, where: ("result", "\(result)"))))
    }
    totals.append(("retried", registry.total(of: MetricCatalog.retries)))
    totals.append(("regex_limit_hits", registry.total(of: MetricCatalog.regexLimitHits)))
    return totals
  }

  func total(_ name: String) -> Int { totals.first { $0.name == name }?.value ?? 0 }
}

extension MetricRegistry {
  func counter(_ family: MetricFamily, _ labels: (String, String)...) -> Counter {
    Counter(label: family.name, dimensions: labels, factory: self)
  }

  func meter(_ family: MetricFamily, _ labels: (String, String)...) -> Meter {
    Meter(label: family.name, dimensions: labels, factory: self)
  }

  func histogram(_ family: MetricFamily, _ labels: (String, String)...) -> Recorder {
    Recorder(label: family.name, dimensions: labels, aggregate: true, factory: self)
  }
}
