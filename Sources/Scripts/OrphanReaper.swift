// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Waits for processes that scripts left behind where this process has become their parent, lest they stay zombies.
///
/// That is so for process 1 of a container, and for a child subreaper; anywhere else they are another's. What is adopted
/// hangs on this process's first thread, which starts no script: what runs are waited for elsewhere is not among it
/// while it is being started.
struct OrphanReaper {
  private static let interval = Duration.seconds(1)

  /// When the next look is due.
  private(set) var nextLook = Moment.past

  /// Returns nil where orphans are not ours.
  init?() {
    guard getpid() == 1 || clinux_is_subreaper() != 0 else { return nil }
  }

  /// Waits for adopted children that have ended, if a look is due.
  mutating func reap(exceptFor runs: some Sequence<WatchedRun>) {
    let now = Moment.now()
    guard now >= nextLook else { return }
    nextLook = now.advanced(by: Self.interval)
    let own = Set(runs.map(\.tree.pid))
    let list = ProcessFile.read("/proc/self/task/\(getpid())/children") ?? []
    for word in list.split(separator: UInt8(ascii: " ")) {
      guard let pid = pid_t(String(decoding: word, as: UTF8.self)), !own.contains(pid) else { continue }
      waitpid(pid, nil, WNOHANG)
    }
  }
}
