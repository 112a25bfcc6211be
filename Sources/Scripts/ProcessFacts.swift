// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What /proc says of one process.
package enum ProcessFacts {
  package struct Status: Sendable, Equatable {
    package var session: pid_t
    /// Clock ticks since boot: with its number it names the process for good.
    package var start: Int64
    var state: UInt8

    /// Whether it runs; a zombie does not, its parent has to take it.
    package var isAlive: Bool { state != UInt8(ascii: "Z") && state != UInt8(ascii: "X") }
  }

  /// Nil when the process is gone.
  package static func status(of pid: pid_t) -> Status? { ProcessFile.read("/proc/\(pid)/stat").flatMap(status(in:)) }

  /// Reads fields 3, 6 and 22 of a line of /proc/PID/stat; see proc(5).
  static func status(in line: [UInt8]) -> Status? {
    // The name in parentheses may hold anything, parentheses and spaces included.
    guard let end = line.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = line[(end + 1)...].split(separator: UInt8(ascii: " "), maxSplits: 20)
    guard fields.count > 19, let state = fields[0].first,
      let session = pid_t(String(decoding: fields[3], as: UTF8.self)),
      let start = Int64(String(decoding: fields[19], as: UTF8.self))
    else { return nil }
    return Status(session: session, start: start, state: state)
  }

  /// The numbers of all processes; nil when /proc cannot be read.
  package static func all() -> [pid_t]? { ProcessFile.names(in: "/proc").map { $0.compactMap { pid_t($0) } } }

  /// The run that a process was started for, by the environment that it was started with.
  ///
  /// What changes its environment or clears it is not found, nor is another user's process, unless this one is root or
  /// holds CAP_SYS_PTRACE.
  package static func run(of pid: pid_t) -> String? {
    ProcessFile.read("/proc/\(pid)/environ").flatMap { value(of: runVariable, in: $0) }
  }

  /// Stands in every script's environment, with its `=`.
  static let runVariable = Array("ONEVENT_RUN_ID=".utf8)

  /// The value of a variable, given with its `=`, in a block of entries that NUL bytes end.
  static func value(of variable: [UInt8], in environment: [UInt8]) -> String? {
    for entry in environment.split(separator: 0) where entry.starts(with: variable) {
      return String(decoding: entry.dropFirst(variable.count), as: UTF8.self)
    }
    return nil
  }
}
