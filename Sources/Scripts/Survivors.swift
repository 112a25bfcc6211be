// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A process that a run left behind and that nothing of ours ended.
package struct Survivor: Sendable, Equatable, CustomStringConvertible {
  package var pid: Int32
  /// What ps(1) shows: at most 15 bytes.
  package var name: String

  package var description: String { "\(pid) (\(name))" }
}

/// A look at all processes that have a run's id in the environment that they were started with.
///
/// What changes its environment or clears it is not found, nor is another user's process, unless the daemon is root or
/// holds CAP_SYS_PTRACE.
struct Survivors {
  let taken: Moment
  private var byRun: [String: [(survivor: Survivor, session: pid_t)]] = [:]

  init() {
    taken = .now()
    let variable = Array("\(Self.variable)=".utf8)
    for name in ProcessFile.names(in: "/proc") ?? [] {
      guard let pid = pid_t(name), let environment = ProcessFile.read("/proc/\(pid)/environ"),
        let run = Self.value(of: variable, in: environment), let session = LivingProcesses.session(ofLiving: pid)
      else { continue }
      byRun[run, default: []].append((Survivor(pid: pid, name: Self.name(of: pid)), session))
    }
  }

  /// Those of a run that are not in the session of its script: those there were sent KILL.
  func ofRun(_ run: String, outsideOf session: pid_t) -> [Survivor] {
    (byRun[run] ?? []).filter { $0.session != session }.map(\.survivor).sorted { $0.pid < $1.pid }
  }

  static let variable = "ONEVENT_RUN_ID"

  /// The value of a variable, given with its `=`, in a block of entries that NUL bytes end.
  static func value(of variable: [UInt8], in environment: [UInt8]) -> String? {
    for entry in environment.split(separator: 0) where entry.starts(with: variable) {
      return String(decoding: entry.dropFirst(variable.count), as: UTF8.self)
    }
    return nil
  }

  private static func name(of pid: pid_t) -> String {
    let bytes = ProcessFile.read("/proc/\(pid)/comm") ?? []
    // Whatever it calls itself must not reach a terminal as it is.
    let shown = bytes.prefix { $0 != UInt8(ascii: "\n") }.map { $0 < 32 || $0 == 127 ? UInt8(ascii: "?") : $0 }
    return String(decoding: shown, as: UTF8.self)
  }
}
