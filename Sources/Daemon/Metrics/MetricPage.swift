// SPDX-License-Identifier: Apache-2.0

import WebAPI

/// The answer to `/metrics`: what was counted, and how things stand at this moment.
///
/// How things stand is taken from the same status that `onevent status` shows, when somebody asks: between two
/// questions nothing is kept up to date for them.
struct MetricPage {
  var status: DaemonStatus
  /// Bytes that the journal may use.
  var journalLimit: Int
  /// When the oldest pending run of each action was accepted, nanoseconds since 1970; nil = the journal does not say.
  var oldestPending: [String: Int64]?
  /// What the API's ports refused since the start.
  var refused: [Refusals.Kind: Int] = [:]
  var streams: [StreamStanding] = []
  /// Nanoseconds since 1970.
  var now: Int64

  /// What was looked up, by the names of the families.
  var samples: [String: [MetricSample]] {
    var samples = ProcessMetrics.samples()
    func add(_ family: MetricFamily, _ values: MetricSample...) { samples[family.name, default: []] += values }
    add(MetricCatalog.up, MetricSample(1))
    // A source that no action uses is not meant to be connected: no alert may come of it. The local one is no connection.
    for source in status.sources where source.state != DaemonBoard.notConsumed && source.state != DaemonBoard.local {
      let (label, isPaused) = (("source", source.name), source.state == "paused")
      add(MetricCatalog.sourceConnected, MetricSample(source.state == "connected" || isPaused ? 1 : 0, label))
      add(MetricCatalog.sourcePaused, MetricSample(isPaused ? 1 : 0, label))
    }
    for action in status.actions {
      let label = ("action", action.name)
      add(MetricCatalog.running, MetricSample(action.running, label))
      add(MetricCatalog.pending, MetricSample(action.pending, label))
      add(MetricCatalog.waiting, MetricSample(action.waiting, label))
      add(MetricCatalog.actionSuspended, MetricSample(action.status == "suspended" ? 1 : 0, label))
      if let oldestPending {
        let age = oldestPending[action.name].map { max(0, Double(now.subtractingReportingOverflow($0).partialValue)) }
        add(MetricCatalog.oldestPending, MetricSample((age ?? 0) / 1e9, label))
      }
    }
    for stream in streams {
      add(MetricCatalog.streamClients, MetricSample(stream.clients, ("stream", stream.name)))
      add(MetricCatalog.streamBehind, MetricSample(stream.behind, ("stream", stream.name)))
    }
    add(MetricCatalog.held, MetricSample(status.held))
    add(MetricCatalog.failed, MetricSample(status.failed))
    add(MetricCatalog.suspended, MetricSample(status.isSuspended ? 1 : 0))
    add(MetricCatalog.journalBytes, MetricSample(Int(clamping: status.journalBytes)))
    add(MetricCatalog.journalMaxBytes, MetricSample(journalLimit))
    add(MetricCatalog.journalTrouble, MetricSample(status.journalTrouble == nil ? 0 : 1))
    add(MetricCatalog.retentionSuspended, MetricSample(status.retentionSuspended == nil ? 0 : 1))
    for kind in Refusals.Kind.allCases {
      add(MetricCatalog.refused, MetricSample(refused[kind] ?? 0, ("kind", kind.rawValue)))
    }
    return samples
  }
}
