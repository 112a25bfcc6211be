// SPDX-License-Identifier: Apache-2.0

import CLinux
import Synchronization

/// Shows that a thread still goes round its loop.
final class Pulse: Sendable {
  /// How long a thread may be at one piece of work: a slow disk takes seconds, not this.
  static let patience = Duration.seconds(30)

  private let last = Atomic<Int64>(clinux_monotonic_time())

  /// Notes that the thread has come round.
  func beat() { last.store(clinux_monotonic_time(), ordering: .relaxed) }

  /// How long ago that was.
  var silence: Duration { .nanoseconds(clinux_monotonic_time() - last.load(ordering: .relaxed)) }
}
