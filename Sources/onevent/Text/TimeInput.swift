// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import Glibc

/// An instant as a person names it: `2h` ago, or as ISO 8601.
struct TimeInput: ExpressibleByArgument, Equatable {
  /// Nanoseconds since 1970.
  let nanoseconds: Int64

  init?(argument: String) {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    self.init(argument, now: Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec))
  }

  /// Reads `90s`, `30m`, `2h`, `7d`, `2w` before now, or ISO 8601, where a text without a zone is UTC; nil otherwise.
  init?(_ text: String, now: Int64) {
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
    if let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), count >= 0 {
      let (seconds, isLong) = count.multipliedReportingOverflow(by: unit)
      let (length, isBeyond) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
      let (instant, isBefore) = now.subtractingReportingOverflow(length)
      guard !isLong, !isBeyond, !isBefore else { return nil }
      nanoseconds = instant
      return
    }
    guard let instant = Event.nanoseconds(ofInstant: text) else { return nil }
    nanoseconds = instant
  }

  /// As the daemon reads it.
  var instant: String { Event.instant(nanoseconds) }
}
