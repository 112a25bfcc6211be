// SPDX-License-Identifier: Apache-2.0

package import Logging
package import Settings

/// The daemon's log, written by a thread of its own: to standard error, or to the system journal.
package struct DaemonLog {
  package let logger: Logger
  private let writer: LogWriter
  private let threshold: LogThreshold
  private let isVerbose: Bool

  /// Begins to write; with `verbose`, level debug holds whatever the settings say.
  ///
  /// Where the settings name no format, it is the system journal's if standard error leads there, else text.
  /// Throws where the system gives no thread for it.
  package init(_ settings: LogSettings, verbose: Bool, environment: ServiceEnvironment = ServiceEnvironment()) throws {
    let format = settings.format ?? (environment.logsToJournal ? .journal : .text)
    let (sink, entries) = Self.sink(for: format, environment)
    let writer = try LogWriter(sink: sink) { dropped in
      DaemonLogHandler.entry(
        entries, .warning, "log lines dropped: the reader of the log is too slow", ["dropped": "\(dropped)"],
        now: RealTime.now)
    }
    isVerbose = verbose
    threshold = LogThreshold(Self.level(settings, verbose: verbose))
    let handler = DaemonLogHandler(writer: writer, format: entries, threshold: threshold)
    logger = Logger(label: "onevent") { _ in handler }
    self.writer = writer
    if entries != format {
      logger.error("system journal cannot be used: log lines go to standard error")
    }
  }

  /// Takes over what a reload may change: the level.
  func adopt(_ settings: LogSettings) { threshold.level = Self.level(settings, verbose: isVerbose) }

  private static func level(_ settings: LogSettings, verbose: Bool) -> Logger.Level {
    verbose ? .debug : Logger.Level(rawValue: settings.level.rawValue) ?? .info
  }

  /// Where a format's entries go, and in which form they are made; text where the system has no socket for us.
  private static func sink(
    for format: LogSettings.Format, _ environment: ServiceEnvironment
  ) -> (sink: any LogSink, entries: LogSettings.Format) {
    let lines = LineSink(descriptor: 2)
    guard format == .journal else { return (lines, format) }
    let journal = try? JournalSink(
      to: environment.journalSocket, fallback: lines, marksPriority: environment.logsToJournal)
    return journal.map { ($0, .journal) } ?? (lines, .text)
  }

  /// Waits until everything is written, for at most two seconds.
  package func flush() { writer.flush() }
}
