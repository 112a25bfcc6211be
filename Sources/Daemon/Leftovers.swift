// SPDX-License-Identifier: Apache-2.0

import Glibc
import Journal
import Logging
import Scripts

/// Ends what is left of runs that were cut off with an earlier daemon, so that no attempt runs beside its successor.
///
/// Two signs tell a process of such a run: it belongs to the session of the start mark's process, or it was started
/// with the run's id in its environment, which also finds one that was started but not yet marked, and one that made a
/// session of its own.
struct Leftovers {
  let runs: [CutOffRun]
  let logger: Logger

  /// Kills them, and waits until they are gone; a process that hangs in the kernel is given up after a few seconds.
  ///
  /// - Returns: The ids of runs of which something is still there.
  func end() -> Set<String> {
    guard !runs.isEmpty else { return [] }
    var told: Set<Int32> = []
    for _ in 0..<100 {
      let left = find()
      if left.isEmpty { return [] }
      for (pid, run) in left {
        if told.insert(pid).inserted {
          logger.warning(
            "left over from a run that was cut off: killed",
            metadata: [LogKey.pid: "\(pid)", LogKey.run: "\(run.id)", LogKey.action: "\(run.action)"])
        }
        kill(pid, SIGKILL)
      }
      usleep(50_000)
    }
    return Set(find().map(\.run.id))
  }

  private func find() -> [(pid: Int32, run: RunRecord)] {
    let byID = Dictionary(runs.map { ($0.run.id, $0.run) }) { first, _ in first }
    let sessions = Dictionary(
      runs.filter { $0.boot == BootClock.bootID }.compactMap { run in run.pid.map { ($0, run) } }
    ) { first, _ in first }
    var found: [(pid: Int32, run: RunRecord)] = []
    for pid in ProcessFacts.all() ?? [] where pid != getpid() {
      guard let status = ProcessFacts.status(of: pid), status.isAlive else { continue }
      if let id = ProcessFacts.run(of: pid), let run = byID[id] {
        found.append((pid, run))
      } else if let run = sessions[status.session], belongs(status, to: run) {
        found.append((pid, run.run))
      }
    }
    return found
  }

  /// Whether the session is the one of the start mark: its leader is that process, or is gone, and a number is not
  /// given out again while a session bears it.
  private func belongs(_ status: ProcessFacts.Status, to run: CutOffRun) -> Bool {
    guard let pid = run.pid, let start = run.pidStart else { return false }
    guard let leader = ProcessFacts.status(of: pid) else { return status.start >= start }
    return leader.start == start
  }
}
