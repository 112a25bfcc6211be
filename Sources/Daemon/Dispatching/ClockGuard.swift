// SPDX-License-Identifier: Apache-2.0

/// Tells whether the wall clock jumped forward: by more than a day beyond what the boot clock says has passed.
///
/// A jump makes everything look old. Nothing is deleted by it until a person says that the clock is right.
struct ClockGuard {
  /// Nanoseconds.
  static let tolerance: Int64 = 86_400 * 1_000_000_000

  /// The last moment that was believed: nanoseconds since 1970, nanoseconds of `CLOCK_BOOTTIME`, and the boot.
  private var wall: Int64?
  private var boot: Int64 = 0
  private var bootID = ""
  private var reason: String?
  /// Whether the last look found a jump that had not been told.
  private(set) var isNews = false

  /// Takes in what an earlier life stored.
  mutating func restore(_ stored: String?) {
    let parts = stored?.split(separator: " ", omittingEmptySubsequences: false) ?? []
    guard parts.count == 3, let wall = Int64(parts[0]), let boot = Int64(parts[1]) else { return }
    (self.wall, self.boot, bootID) = (wall, boot, String(parts[2]))
  }

  var stored: String { "\(wall ?? 0) \(boot) \(bootID)" }

  /// Looks at the clocks.
  ///
  /// After a boot nobody knows how long the machine was off: a day is the bound there, too.
  ///
  /// - Returns: Why the wall clock is not believed; nil = it is.
  mutating func look(wall now: Int64, boot bootNow: Int64, bootID id: String = BootClock.bootID) -> String? {
    isNews = false
    if let wall {
      let passed = id == bootID ? max(0, bootNow - boot) : 0
      let (limit, overflow) = (wall + passed).addingReportingOverflow(Self.tolerance)
      if !overflow, now > limit {
        let days = (now - wall - passed) / Self.tolerance
        isNews = reason == nil
        reason = "the clock jumped forward by \(days) days; if it is right, say so: onevent resume --deletion"
        return reason
      }
    }
    (wall, boot, bootID, reason) = (now, bootNow, id, nil)
    return nil
  }

  /// Believes the clock as it is.
  mutating func confirm(wall now: Int64, boot bootNow: Int64) {
    (wall, boot, bootID, reason) = (now, bootNow, BootClock.bootID, nil)
  }
}
