// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A point on the monotonic clock, which no change of the wall clock moves.
struct Moment: Comparable, Sendable {
  /// Nanoseconds since an arbitrary start.
  var nanoseconds: UInt64

  /// Later than every moment that comes.
  static let never = Moment(nanoseconds: .max)

  /// Before every moment that comes.
  static let past = Moment(nanoseconds: 0)

  static func now() -> Moment {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Moment(nanoseconds: UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec))
  }

  static func < (one: Moment, other: Moment) -> Bool { one.nanoseconds < other.nanoseconds }

  /// Moves on by a duration; a negative one counts as none, one past the end of time leads to `never`.
  func advanced(by duration: Duration) -> Moment {
    let (seconds, attoseconds) = duration.components
    guard seconds >= 0, attoseconds >= 0 else { return self }
    let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return .never }
    let (span, spanOverflow) = whole.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
    let (end, endOverflow) = nanoseconds.addingReportingOverflow(span)
    return spanOverflow || endOverflow ? .never : Moment(nanoseconds: end)
  }

  /// The time since an earlier moment; none if that is later.
  func since(_ earlier: Moment) -> Duration {
    guard self > earlier else { return .zero }
    return .nanoseconds(Int64(clamping: nanoseconds - earlier.nanoseconds))
  }

  /// Milliseconds to wait for this moment, rounded up: what epoll_wait(2) takes, where -1 waits for ever.
  func milliseconds(from now: Moment) -> Int32 {
    guard self < .never else { return -1 }
    guard self > now else { return 0 }
    return Int32(clamping: (nanoseconds - now.nanoseconds - 1) / 1_000_000 + 1)
  }
}
