// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Events
import Scripts

/// What is counted of one action: its runs by how they ended, and how long they waited and took.
final class ActionMetrics: Sendable {
  /// How a run ended, or that it never was to start.
  enum Result: String, CaseIterable, Sendable {
    case observed, succeeded, failed, timeout, interrupted, refused, expired
  }

  private let observed: Counter
  private let succeeded: Counter
  private let failed: Counter
  private let timedOut: Counter
  private let interrupted: Counter
  private let refused: Counter
  private let expired: Counter
  private let retried: Counter
  private let durations: Recorder
  private let waits: Recorder

  init(_ action: String, _ registry: MetricRegistry) {
    func runs(_ result: Result) -> Counter {
      registry.counter(MetricCatalog.runs, ("action", action), ("result", result.rawValue))
    }
    let label = ("action", action)
    observed = runs(.observed)
    succeeded = runs(.succeeded)
    failed = runs(.failed)
    timedOut = runs(.timeout)
    interrupted = runs(.interrupted)
    refused = runs(.refused)
    expired = runs(.expired)
    retried = registry.counter(MetricCatalog.retries, label)
    durations = registry.histogram(MetricCatalog.runDuration, label)
    waits = registry.histogram(MetricCatalog.runWait, label)
  }

  /// Counts a run that ended, or that never was to start.
  func count(_ result: Result) {
    switch result {
    case .observed: observed.increment()
    case .succeeded: succeeded.increment()
    case .failed: failed.increment()
    case .timeout: timedOut.increment()
    case .interrupted: interrupted.increment()
    case .refused: refused.increment()
    case .expired: expired.increment()
    }
  }

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
