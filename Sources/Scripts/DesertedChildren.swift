// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Children that were given up: waited for when they have ended, so that none stays a zombie.
final class DesertedChildren: Sendable {
  private let children = Mutex<[pid_t]>([])

  /// Takes over a child that has been sent KILL, and waits a moment for it: most end at once.
  func add(_ child: pid_t) {
    children.withLock { $0.append(child) }
    for _ in 0..<100 where !isEmpty {
      reap()
      if !isEmpty { usleep(1_000) }
    }
  }

  /// Waits for those that have ended, without sleeping.
  func reap() {
    children.withLock { children in
      children.removeAll { child in
        let result = waitpid(child, nil, WNOHANG)
        return result == child || result < 0 && errno != EINTR
      }
    }
  }

  private var isEmpty: Bool { children.withLock { $0.isEmpty } }
}
