// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import WebAPI

struct MetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Prints what the daemon counts and measures, as Prometheus reads it.",
    discussion: """
      The same as GET /metrics on the daemon's socket. For a host whose node_exporter reads a directory of files \
      (--collector.textfile.directory), have a timer or cron write one there every minute:

        onevent metrics --output /var/lib/prometheus/node-exporter/onevent.prom

      The file is replaced whole. It has no process_ metrics, since node_exporter has its own of these names. When no \
      daemon answers, it says onevent_up 0 and nothing else.

      Exit code: 0 printed or written; 69 no daemon runs; 74 the file cannot be written.
      """)

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to replace; its name ends in .prom.", valueName: "file"))
  var output: String?

  @OptionGroup var daemon: DaemonOptions

  func run() throws {
    let client = try daemon.daemon().client
    let text: [UInt8]
    do throws(APIFailure) {
      text = try client.text("/metrics")
    } catch {
      complain(error.description)
      if let output { try Self.replace(output, with: Array(Self.absence.utf8)) }
      throw error.exitCode
    }
    guard let output else { return writeOutput(text) }
    try Self.replace(output, with: Self.withoutProcess(text))
  }

  static let absence = """
    # HELP onevent_up 1 from a daemon that answers; 0 written by onevent metrics when none does.
    # TYPE onevent_up gauge
    onevent_up 0

    """

  /// The text without the metrics that every program has under the same names.
  static func withoutProcess(_ text: [UInt8]) -> [UInt8] {
    let prefixes = ["process_", "# HELP process_", "# TYPE process_"].map { Array($0.utf8) }
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
    return Array(lines.filter { line in !prefixes.contains { line.starts(with: $0) } }.map { $0 + [0x0a] }.joined())
  }

  /// Puts a file in another's place, so that whoever reads it sees the old one or the new one, whole.
  private static func replace(_ path: String, with bytes: [UInt8]) throws {
    // Not of the collector's pattern *.prom.
    let new = "\(path).\(getpid())"
    let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw failure(path) }
    var isWritten = write(descriptor, bytes, bytes.count) == bytes.count
    // Readable by the collector, whatever the umask.
    isWritten = fchmod(descriptor, 0o644) == 0 && isWritten
    isWritten = close(descriptor) == 0 && isWritten
    guard isWritten, rename(new, path) == 0 else {
      defer { unlink(new) }
      throw failure(path)
    }
  }

  private static func failure(_ path: String) -> ExitCode {
    complain("cannot write \(path): \(String(cString: strerror(errno)))")
    return .inputOutput
  }
}
