// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Events
import Scripts

/// What is counted of one action: its runs by how they ended, and how long they waited and took.
final class ActionMetrics: Sendable {
  /// How a run ended, or that it never was to start.
  enum Result: Int, CaseIterable, Sendable {
    case observed, succeeded, failed, timeout, interrupted, refused, expired
  }

  private let runs: ResultCounters<Result>
  private let retried: Counter
  private let durations: Recorder
  private let waits: Recorder

  init(_ action: String, _ registry: MetricRegistry) {
    let label = ("action", action)
    runs = ResultCounters(MetricCatalog.runs, label, registry)
    retried = registry.counter(MetricCatalog.retries, label)
    durations = registry.histogram(MetricCatalog.runDuration, label)
    waits = registry.histogram(MetricCatalog.runWait, label)
  }

  /// Counts a run that ended, or that never was to start.
  func count(_ result: Result) { runs.count(result) }

  /// Counts the end of a run, by its last attempt.
  func countEnd(_ outcome: Outcome) {
    switch outcome {
    case .exited(0): count(.succeeded)
    case .timedOut: count(.timeout)
    case .interrupted: count(.interrupted)
    case .exited, .signalled, .couldNotStart: count(.failed)
    }
  }

  /// Counts an attempt that failed and is followed by another one.
  func countRetry() { retried.increment() }

  /// Measures an attempt, if its script was started at all.
  func measure(_ completion: Completion) {
    if case .couldNotStart = completion.outcome { return }
    durations.record(Double(completion.duration.nanoseconds) / 1e9)
  }

  /// Measures the wait of a run, in nanoseconds; a clock that was set back makes it nothing.
  func measureWait(_ nanoseconds: Int64) { waits.record(max(0, Double(nanoseconds) / 1e9)) }
}
