// SPDX-License-Identifier: Apache-2.0

import Settings

/// Says when changed files are to be read again: once they have not changed for two seconds.
///
/// A pure state machine. What was read, whether it was taken over or refused, is not read again until it changes.
struct ConfigWatch {
  /// How long files must have stayed as they are.
  static let quiet = Duration.seconds(2)

  private var read: ConfigStamp
  private var seen: (stamp: ConfigStamp, since: ContinuousClock.Instant)?

  init(read: ConfigStamp) { self.read = read }

  /// Notes what the files look like.
  ///
  /// - Returns: Whether they are to be read now.
  mutating func look(_ stamp: ConfigStamp, at now: ContinuousClock.Instant) -> Bool {
    guard stamp != read else {
      seen = nil
      return false
    }
    guard let seen, seen.stamp == stamp else {
      self.seen = (stamp, now)
      return false
    }
    return now - seen.since >= Self.quiet
  }

  /// Notes what the files looked like before they were read.
  mutating func hasRead(_ stamp: ConfigStamp) {
    read = stamp
    seen = nil
  }
}
