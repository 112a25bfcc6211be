// SPDX-License-Identifier: Apache-2.0

import AMQP
import CoreMetrics
import Synchronization

/// What is counted of one source.
///
/// Counting is one atomic addition; only the age of an event takes a lock.
final class SourceMetrics: Sendable {
  /// What became of an event.
  enum Result: Int, CaseIterable, Sendable {
    case matched, unmatched, ignored, duplicate, undecodable
  }

  private let deliveries: Counter
  private let events: ResultCounters<Result>
  private let regexLimitHits: Counter
  private let ages: Recorder
  private let reconnects: Counter
  private let hasConnected = Atomic<Bool>(false)

  init(_ source: String, _ registry: MetricRegistry) {
    let label = ("source", source)
    deliveries = registry.counter(MetricCatalog.deliveries, label)
    events = ResultCounters(MetricCatalog.events, label, registry)
    regexLimitHits = registry.counter(MetricCatalog.regexLimitHits, label)
    ages = registry.histogram(MetricCatalog.eventAge, label)
    reconnects = registry.counter(MetricCatalog.reconnects, label)
  }

  func countDelivery() { deliveries.increment() }

  func countRegexLimitHits(_ hits: Int) { regexLimitHits.increment(by: hits) }

  /// Counts an event, once it is certain what became of it.
  func count(_ result: Result) { events.count(result) }

  /// Counts a matched event, which says when it happened, or does not; both in nanoseconds since 1970.
  ///
  /// What comes from a sender whose clock is ahead is as old as nothing.
  func countMatched(time: Int64?, received: Int64) {
    count(.matched)
    guard let time else { return }
    let (age, overflow) = received.subtractingReportingOverflow(time)
    ages.record(overflow ? 0 : max(0, Double(age) / 1e9))
  }

  /// Counts what happens to the connection.
  @Sendable func observe(_ event: ConsumerEvent) {
    guard case .connected = event else { return }
    if hasConnected.exchange(true, ordering: .relaxed) { reconnects.increment() }
  }
}
