// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// What a series has come to.
enum MetricValue: Sendable, Equatable {
  case number(Double)
  case histogram(HistogramCell.Counts)
}

/// Holds the value of one series.
protocol MetricCell: AnyObject, Sendable {
  var value: MetricValue { get }
}

/// Counts whole things: one atomic addition, whoever counts.
final class CounterCell: MetricCell, CounterHandler {
  private let count = Atomic<Int64>(0)

  /// Adds what is not negative: a counter never falls.
  func increment(by amount: Int64) {
    guard amount > 0 else { return }
    count.add(amount, ordering: .relaxed)
  }

  func reset() { count.store(0, ordering: .relaxed) }

  var value: MetricValue { .number(Double(count.load(ordering: .relaxed))) }
}

/// A number that anybody may set; its additions are atomic.
final class NumberCell: MetricCell, FloatingPointCounterHandler, MeterHandler, RecorderHandler {
  private let bits = Atomic<UInt64>(0)

  func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
  func set(_ value: Int64) { set(Double(value)) }
  func record(_ value: Double) { set(value) }
  func record(_ value: Int64) { set(Double(value)) }
  func reset() { set(0.0) }
  func decrement(by amount: Double) { increment(by: -amount) }

  func increment(by amount: Double) {
    var old = bits.load(ordering: .relaxed)
    while true {
      let new = (Double(bitPattern: old) + amount).bitPattern
      let (exchanged, original) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
      if exchanged { return }
      old = original
    }
  }

  var value: MetricValue { .number(Double(bitPattern: bits.load(ordering: .relaxed))) }
}

/// Counts measurements by upper bounds.
///
/// Under a lock, so that whoever reads sees buckets, sum and count of the same measurements. It is held for a few
/// instructions, and taken for events that match and for runs, never for an event that matches nothing.
final class HistogramCell: MetricCell, RecorderHandler, TimerHandler {
  struct Counts: Sendable, Equatable {
    /// Upper bounds, ascending; the last bucket has none.
    var bounds: [Double]
    /// Measurements of each bucket alone, one bucket more than there are bounds.
    var buckets: [UInt64]
    var sum = 0.0
  }

  private let counts: Mutex<Counts>
  private let bounds: [Double]

  init(bounds: [Double]) {
    self.bounds = bounds
    counts = Mutex(Counts(bounds: bounds, buckets: [UInt64](repeating: 0, count: bounds.count + 1)))
  }

  /// Takes a measurement, in the unit of the bounds; what is no number is left out.
  func record(_ value: Double) {
    guard !value.isNaN else { return }
    let index = bounds.firstIndex { value <= $0 } ?? bounds.count
    counts.withLock { counts in
      counts.buckets[index] += 1
      counts.sum += value
    }
  }

  func record(_ value: Int64) { record(Double(value)) }
  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

  var value: MetricValue { .histogram(counts.withLock { $0 }) }
}
