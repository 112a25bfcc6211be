// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import WebAPI

/// An instant as a person names it: `2h` ago, or as ISO 8601.
struct TimeInput: ExpressibleByArgument, Equatable {
  /// Nanoseconds since 1970.
  let nanoseconds: Int64

  init?(argument: String) { self.init(argument, now: TimeText.now) }

  /// Reads `90s`, `30m`, `2h`, `7d`, `2w` before now, `now`, `now-1d`, or ISO 8601, where a text without a zone is UTC;
  /// nil otherwise.
  init?(_ text: String, now: Int64) {
    // A length alone is one before now.
    guard let instant = TimeText.instant(TimeText.length(text) == nil ? text : "-\(text)", now: now) else { return nil }
    nanoseconds = instant
  }

  /// As the daemon reads it.
  var instant: String { Event.instant(nanoseconds) }
}
