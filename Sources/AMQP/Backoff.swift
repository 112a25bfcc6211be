// SPDX-License-Identifier: Apache-2.0

/// How long to wait before connecting anew: exponential with a cap and full jitter.
///
/// A fleet that lost one broker at one moment comes back spread out, and a broker that refuses at once is never asked in
/// a tight loop: no wait is shorter than a tenth of `base`.
struct Backoff: Sendable {
  /// The bound of the first wait; it doubles with each further one.
  var base = Duration.milliseconds(500)
  /// No wait is longer.
  var cap = Duration.seconds(30)
  /// A connection that held this long ends a series of failures.
  var healthyAfter = Duration.seconds(30)

  /// Failures in a row.
  private(set) var failures = 0

  /// Counts a failure.
  ///
  /// - Parameter random: Gives a number from 0 up to, but not including, 1.
  /// - Returns: The time to wait.
  mutating func next(random: () -> Double) -> Duration {
    // Doubling beyond this passes any cap, and would overflow.
    let bound = min(cap, base * (1 << min(failures, 20)))
    failures = min(failures + 1, 20)
    return max(base / 10, bound * min(max(random(), 0), 1))
  }

  /// Tells how long a connection had held when it was lost.
  mutating func connectionLasted(_ duration: Duration) {
    if duration >= healthyAfter { failures = 0 }
  }
}
