// SPDX-License-Identifier: Apache-2.0

import CoreMetrics

/// One counter for each result that something can have; the results are numbered from 0 on.
///
/// Counting is one atomic addition.
struct ResultCounters<Result>: Sendable where Result: CaseIterable & RawRepresentable<Int> & Sendable {
  private let counters: [Counter]

  /// Makes the counters of a family, each under a label and its result's name.
  init(_ family: MetricFamily, _ label: (String, String), _ registry: MetricRegistry) {
    counters = Result.allCases.map { registry.counter(family, label, ("result", "\($0)")) }
  }

  func count(_ result: Result) { counters[result.rawValue].increment() }
}
