// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// What a service manager tells its daemon by environment variables; empty where nobody started us as a service.
package struct ServiceEnvironment: Sendable, Equatable {
  /// Where notifications go: a path, or an abstract name with a leading `@`; sd_notify(3).
  var notifySocket: String?
  /// The time without a sign of life after which the manager ends us; sd_watchdog_enabled(3).
  var watchdog: Duration?
  /// Whether standard error is a stream of the system journal's own; `$JOURNAL_STREAM` in systemd.exec(5).
  var logsToJournal = false
  /// Where the system journal takes entries.
  var journalSocket = "/run/systemd/journal/socket"

  package init() {}

  /// Reads the variables and removes them from our environment, so that they concern nobody else.
  ///
  /// To be called before any thread is started: environments are not made for several.
  package static func take() -> ServiceEnvironment {
    var (device, number) = (UInt64(0), UInt64(0))
    let isOpen = clinux_file_identity(2, &device, &number) == 0
    let environment = ServiceEnvironment(process: getpid(), standardError: isOpen ? (device, number) : nil) { name in
      getenv(name).map { String(cString: $0) }
    }
    for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM"] { unsetenv(name) }
    return environment
  }

  /// Understands the variables.
  ///
  /// - Parameters:
  ///   - process: Our number: a watchdog that names another one is not meant for us.
  ///   - standardError: Device and inode of descriptor 2.
  ///   - variable: Gives the value of a variable; nil = not set.
  init(
    process: Int32, standardError: (device: UInt64, inode: UInt64)?, variable: (_ name: String) -> String?
  ) {
    if let address = variable("NOTIFY_SOCKET"), address.hasPrefix("/") || address.hasPrefix("@"), address.count > 1 {
      notifySocket = address
    }
    let isOurs = variable("WATCHDOG_PID").map { $0 == "\(process)" } ?? true
    if isOurs, let microseconds = variable("WATCHDOG_USEC").flatMap({ Int64($0) }), microseconds > 0 {
      watchdog = .microseconds(microseconds)
    }
    if let stream = variable("JOURNAL_STREAM"), let standardError {
      // Another file than at the start of the unit means that somebody redirected it.
      logsToJournal = stream == "\(standardError.device):\(standardError.inode)"
    }
    #if DEBUG
      if let path = variable("ONEVENT_JOURNAL_SOCKET") { journalSocket = path }
    #endif
  }
}
