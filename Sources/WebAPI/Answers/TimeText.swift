// SPDX-License-Identifier: Apache-2.0

import Events
import Glibc

/// Instants and lengths of time as people write them.
package enum TimeText {
  private static let units: [Character: Int64] = [
    "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000, "d": 86_400_000_000_000,
    "w": 604_800_000_000_000,
  ]

  /// `90s`, `5m`, `2h`, `1d`, `1w` in nanoseconds; nil for anything else, and beyond what 64 bits hold.
  package static func length(_ text: some StringProtocol) -> Int64? {
    guard let unit = text.last.flatMap({ units[$0] }), let count = UInt32(text.dropLast()) else { return nil }
    let (length, isBeyond) = Int64(count).multipliedReportingOverflow(by: unit)
    return isBeyond ? nil : length
  }

  /// `now`, `-2h`, `now-1d`, `now+1h`, or ISO 8601, where a text without a zone is UTC: nanoseconds since 1970.
  package static func instant(_ text: String, now: Int64) -> Int64? {
    guard !text.isEmpty else { return nil }
    let rest = text.hasPrefix("now") ? text.dropFirst(3) : text[...]
    if rest.isEmpty { return text.isEmpty ? nil : now }
    guard let sign = rest.first, sign == "-" || sign == "+", let length = length(rest.dropFirst()) else {
      return rest.startIndex == text.startIndex ? Event.nanoseconds(ofInstant: text) : nil
    }
    let (instant, isBeyond) = now.addingReportingOverflow(sign == "-" ? -length : length)
    return isBeyond ? nil : instant
  }

  /// Nanoseconds since 1970.
  package static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
