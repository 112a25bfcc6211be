// SPDX-License-Identifier: Apache-2.0

/// Decides what a service manager is told at which time: pure, so that time can be a test's.
///
/// Times are nanoseconds of `CLOCK_MONOTONIC`. What it returns are assignments of sd_notify(3), one line each.
struct Notifications {
  private enum Phase: Equatable {
    case starting
    case ready
    case reloading
    /// Until then at the latest, the stop is done.
    case stopping(deadline: Int64)
  }

  /// How often the status line may change.
  static let statusPause = Duration.seconds(1)
  /// What a stop asks for at a time, and how often it asks: systemd ends us when the next one does not come in time.
  static let extensionSpan = Duration.seconds(20)
  static let extensionPause = Duration.seconds(5)

  private let watchdog: Duration?
  private var phase = Phase.starting
  private var status: String?
  private var nextStatus = Int64.min
  private var nextPing = Int64.min
  private var nextExtension = Int64.min

  init(watchdog: Duration?) {
    self.watchdog = watchdog
  }

  /// How often a turn is needed: so often that no ping comes later than half the watchdog's time after the last.
  var pace: Duration {
    guard let watchdog else { return .seconds(1) }
    return min(.seconds(1), max(.milliseconds(10), watchdog / 6))
  }

  /// How late a thread may be before it counts as hanging.
  var tolerance: Duration { watchdog.map { $0 / 2 } ?? .seconds(90) }

  var isStopping: Bool { if case .stopping = phase { true } else { false } }

  /// Everything works, or works again.
  mutating func becomeReady() -> [String] {
    guard !isStopping else { return [] }
    phase = .ready
    return ["READY=1"]
  }

  /// The configuration is being read anew; `becomeReady` ends it, whether it was taken or not.
  mutating func beginReload(now: Int64) -> [String] {
    guard phase == .ready else { return [] }
    phase = .reloading
    return ["RELOADING=1", "MONOTONIC_USEC=\(now / 1000)"]
  }

  /// The stop begins, and takes no longer than a limit.
  mutating func beginStop(now: Int64, within limit: Duration) -> [String] {
    guard !isStopping else { return [] }
    let (deadline, overflow) = now.addingReportingOverflow(limit.nanoseconds)
    phase = .stopping(deadline: overflow ? .max : deadline)
    return ["STOPPING=1"] + extend(now)
  }

  /// What is due now.
  ///
  /// - Parameters:
  ///   - now: The time.
  ///   - status: The status line as it would be now.
  ///   - allMove: Whether no thread hangs. While one does, the watchdog gets nothing.
  /// - Returns: The assignments to send, none if nothing is due.
  mutating func turn(now: Int64, status: String, allMove: Bool) -> [String] {
    var due: [String] = []
    if now >= nextStatus, status != self.status {
      self.status = status
      nextStatus = now + Self.statusPause.nanoseconds
      due.append("STATUS=\(status)")
    }
    switch phase {
    case .starting: break
    case .ready, .reloading:
      if let watchdog, allMove, now >= nextPing {
        nextPing = now + (watchdog / 3).nanoseconds
        due.append("WATCHDOG=1")
      }
    case .stopping: due += extend(now)
    }
    return due
  }

  private mutating func extend(_ now: Int64) -> [String] {
    guard case .stopping(let deadline) = phase, now >= nextExtension, now < deadline else { return [] }
    nextExtension = now + Self.extensionPause.nanoseconds
    return ["EXTEND_TIMEOUT_USEC=\(Self.extensionSpan.nanoseconds / 1000)"]
  }
}
