// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A moment of CLOCK_MONOTONIC, the clock of poll(2) and of librabbitmq.
///
/// Cheap enough for every message.
struct Instant: Comparable, Sendable {
  /// Nanoseconds since boot.
  var nanoseconds: UInt64

  static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
  }

  static let distantFuture = Instant(nanoseconds: .max)

  static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

  /// Saturates; a negative duration counts as none.
  func advanced(by duration: Duration) -> Instant {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
    return overflow ? .distantFuture : Instant(nanoseconds: sum)
  }

  /// The time until a later moment; zero when it has passed.
  func duration(until later: Instant) -> Duration {
    .nanoseconds(Int64(clamping: later.nanoseconds > nanoseconds ? later.nanoseconds &- nanoseconds : 0))
  }

  /// Milliseconds for poll(2), rounded up so that a wait never ends early.
  func milliseconds(until later: Instant) -> Int32 {
    guard later > self else { return 0 }
    return Int32(clamping: (later.nanoseconds &- nanoseconds &- 1) / 1_000_000 &+ 1)
  }
}

extension Duration {
  /// Nanoseconds, within 0 and 146 years.
  var wholeNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    guard seconds < 4_611_686_018 else { return 4_611_686_018_000_000_000 }
    return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds) / 1_000_000_000
  }

  /// For librabbitmq, at least one: zero would mean without waiting.
  var microseconds: Int64 { Int64(max(wholeNanoseconds / 1_000, 1)) }
}
