// SPDX-License-Identifier: Apache-2.0

import CLinux
import Events

/// A moment on the real-time clock.
struct RealTime: Sendable {
  /// Since 1970-01-01T00:00:00Z.
  var nanoseconds: Int64

  static var now: RealTime {
    RealTime(nanoseconds: clinux_real_time())
  }

  /// In UTC with microseconds, as in the events that scripts read: `2026-11-20T23:17:31.123456Z`.
  var iso8601: String { Event.instant(nanoseconds) }
}
