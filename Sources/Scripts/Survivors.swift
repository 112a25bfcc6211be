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
/// Finds what `ProcessFacts.run` finds.
struct Survivors {
  let taken: Moment
  private var byRun: [String: [(survivor: Survivor, session: pid_t)]] = [:]

  init() {
    taken = .now()
    for pid in ProcessFacts.all() ?? [] {
      guard let run = ProcessFacts.run(of: pid), let status = ProcessFacts.status(of: pid), status.isAlive else {
        continue
      }
      byRun[run, default: []].append((Survivor(pid: pid, name: Self.name(of: pid)), status.session))
    }
  }

  /// Those of a run that are not in the session of its script: those there were sent KILL.
  func ofRun(_ run: String, outsideOf session: pid_t) -> [Survivor] {
    (byRun[run] ?? []).filter { $0.session != session }.map(\.survivor).sorted { $0.pid < $1.pid }
  }

  private static func name(of pid: pid_t) -> String {
    let bytes = ProcessFile.read("/proc/\(pid)/comm") ?? []
    // Whatever it calls itself must not reach a terminal as it is.
    let shown = bytes.prefix { $0 != UInt8(ascii: "\n") }.map { $0 < 32 || $0 == 127 ? UInt8(ascii: "?") : $0 }
    return String(decoding: shown, as: UTF8.self)
  }
}
