// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Places where a test can have the daemon end at once, as `kill -9` would: only in debug builds.
///
/// `ONEVENT_FAIL_POINT=before-start:3` ends it when that place is passed the third time.
enum FailPoint: String {
  /// A transaction is committed; no delivery of it is settled, no script started.
  case afterCommit = "after-commit"
  /// The start mark is committed; the script is not yet started.
  case beforeStart = "before-start"
  /// The script is started; its process is not yet in the journal.
  case afterSpawn = "after-spawn"

  #if DEBUG
    private static let wanted: (point: FailPoint, count: Int)? = {
      guard let text = getenv("ONEVENT_FAIL_POINT").map({ String(cString: $0) }) else { return nil }
      let parts = text.split(separator: ":")
      guard parts.count == 2, let point = FailPoint(rawValue: String(parts[0])), let count = Int(parts[1]) else {
        return nil
      }
      return (point, count)
    }()
    private static let passed = Atomic<Int>(0)

    func pass() {
      guard let (point, count) = Self.wanted, point == self else { return }
      if Self.passed.add(1, ordering: .relaxed).newValue == count { kill(getpid(), SIGKILL) }
    }
  #else
    @inline(__always)
    func pass() {}
  #endif
}
