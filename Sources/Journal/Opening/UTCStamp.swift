// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Writes moments as RFC 3339 has them, and in its form without separators, which suits names of files.
enum UTCStamp {
  /// 2026-11-21T02:30:00Z.
  static func rfc3339(_ time: time_t) -> String { formatted(time, "%Y-%m-%dT%H:%M:%SZ") }

  /// 20261121T023000Z.
  static func compact(_ time: time_t) -> String { formatted(time, "%Y%m%dT%H%M%SZ") }

  private static func formatted(_ time: time_t, _ format: String) -> String {
    var (time, fields) = (time, tm())
    gmtime_r(&time, &fields)
    var text = [CChar](repeating: 0, count: 64)
    let count = strftime(&text, text.count, format, &fields)
    return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
