// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A look at all processes that run, sorted by session; zombies do not count.
///
/// The kernel has no cheaper answer: kill(2) with signal 0 also finds zombies. Reads one small file for each process
/// of the system. A process group never reaches beyond its session, so that a session has all of them.
struct LivingProcesses {
  let taken: Moment
  private var sessions: [pid_t: [pid_t]] = [:]

  /// Returns nil when `/proc` cannot be read, or not all of it for want of descriptors or memory.
  init?() {
    taken = .now()
    guard let all = ProcessFacts.all() else { return nil }
    for pid in all {
      errno = 0
      guard let status = ProcessFacts.status(of: pid) else {
        if [EMFILE, ENFILE, ENOMEM].contains(errno) { return nil }
        continue
      }
      if status.isAlive { sessions[status.session, default: []].append(pid) }
    }
  }

  /// The processes of a session.
  func members(ofSession session: pid_t) -> [pid_t] { sessions[session] ?? [] }
}
