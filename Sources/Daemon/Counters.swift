// SPDX-License-Identifier: Apache-2.0

import Events
import Synchronization

/// Counts what happened since the start, for the closing line of the log.
final class Counters: Sendable {
  let deliveries = Atomic<Int>(0)
  let matched = Atomic<Int>(0)
  let unmatched = Atomic<Int>(0)
  let ignored = Atomic<Int>(0)
  let duplicate = Atomic<Int>(0)
  let undecodable = Atomic<Int>(0)
  let observed = Atomic<Int>(0)
  let succeeded = Atomic<Int>(0)
  let failed = Atomic<Int>(0)
  let timedOut = Atomic<Int>(0)
  let interrupted = Atomic<Int>(0)
  let retried = Atomic<Int>(0)
  let refused = Atomic<Int>(0)
  let expired = Atomic<Int>(0)
  let regexLimitHits = Atomic<Int>(0)

  func countEnd(_ outcome: Outcome) {
    switch outcome {
    case .exited(0): succeeded.increment()
    case .timedOut: timedOut.increment()
    case .interrupted: interrupted.increment()
    case .exited, .signalled, .couldNotStart: failed.increment()
    }
  }

  /// Every counter by the name of its metric's label.
  var all: [(name: String, value: Int)] {
    [
      ("deliveries", deliveries.value), ("matched", matched.value), ("unmatched", unmatched.value),
      ("ignored", ignored.value), ("duplicate", duplicate.value), ("undecodable", undecodable.value),
      ("observed", observed.value), ("succeeded", succeeded.value), ("failed", failed.value),
      ("timeout", timedOut.value), ("interrupted", interrupted.value), ("retried", retried.value),
      ("refused", refused.value),
      ("expired", expired.value), ("regex_limit_hits", regexLimitHits.value),
    ]
  }
}

extension Atomic<Int> {
  func increment(by count: Int = 1) {
    _ = add(count, ordering: .relaxed)
  }

  var value: Int { load(ordering: .relaxed) }
}
