// SPDX-License-Identifier: Apache-2.0

package import Logging
package import Settings

/// The daemon's log on standard error, written by a thread of its own.
package struct DaemonLog {
  package let logger: Logger
  private let writer: LogWriter

  /// Begins to write; with `verbose`, level debug holds whatever the settings say.
  ///
  /// Throws where the system gives no thread for it.
  package init(_ settings: LogSettings, verbose: Bool) throws {
    let format = settings.format
    let writer = try LogWriter(descriptor: 2) { dropped in
      DaemonLogHandler.line(
        format, .warning, "log lines dropped: the reader of the log is too slow", ["dropped": "\(dropped)"],
        now: RealTime.now)
    }
    let handler = DaemonLogHandler(
      writer: writer, format: format,
      logLevel: verbose ? .debug : Logger.Level(rawValue: settings.level.rawValue) ?? .info)
    logger = Logger(label: "onevent") { _ in handler }
    self.writer = writer
  }

  /// Waits until everything is written, for at most two seconds.
  package func flush() { writer.flush() }
}
