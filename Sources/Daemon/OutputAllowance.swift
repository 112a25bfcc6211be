// SPDX-License-Identifier: Apache-2.0

/// How much of what one attempt prints gets into the log.
///
/// A script that prints without end must neither fill the disk that the log is on nor push everything else out of it.
/// So each attempt may have 1 MiB of log at once, and 64 KiB each second in the long run. What it prints beyond is left
/// out, counted and told; head and tail of all of it are kept with the run in any case.
struct OutputAllowance {
  /// Bytes of log that may come at once.
  static let burst = 1 << 20
  /// Bytes of log each second in the long run.
  static let rate = 64 << 10
  /// What a line costs beside its own bytes: time, run, action and event stand in each.
  static let lineCost = 256
  /// What must be there again before lines are taken anew, so that a flood does not let through one line in hundreds.
  private static let refill = burst / 4

  /// Lines that the log did not get, and the bytes of them.
  struct LeftOut: Equatable {
    var lines = 0
    var bytes = 0
  }

  enum Verdict: Equatable {
    case taken
    /// Taken, after these were left out.
    case resumed(LeftOut)
    /// The first that is left out.
    case exhausted
    case leftOut
  }

  private var left = burst
  private var updated: ContinuousClock.Instant?
  /// What has been left out and not yet told.
  private(set) var untold = LeftOut()

  /// Asks for a line of so many bytes.
  ///
  /// The clock is looked at only where the answer depends on it.
  mutating func take(_ count: Int, now: () -> ContinuousClock.Instant = { .now }) -> Verdict {
    let cost = count + Self.lineCost
    let isFlooding = untold.lines > 0
    if !isFlooding, cost <= left {
      if updated == nil { updated = now() }
      left -= cost
      return .taken
    }
    fill(now())
    if cost <= left, !isFlooding || left >= Self.refill {
      left -= cost
      guard isFlooding else { return .taken }
      defer { untold = LeftOut() }
      return .resumed(untold)
    }
    untold.lines += 1
    untold.bytes += count
    return isFlooding ? .leftOut : .exhausted
  }

  private mutating func fill(_ now: ContinuousClock.Instant) {
    let seconds = (now - (updated ?? now)) / .seconds(1)
    // What is less than a byte stays on the clock.
    let gained = Int(min(max(seconds, 0) * Double(Self.rate), Double(Self.burst)))
    guard gained > 0 else { return }
    left = min(Self.burst, left + gained)
    updated = now
  }
}
