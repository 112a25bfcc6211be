// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Counts what waits for a thread, or for one of several; each count lets one go on.
///
/// See sem_overview(7).
package final class Semaphore: @unchecked Sendable {
  // Made for use from several threads; its storage never moves.
  private let semaphore: UnsafeMutablePointer<sem_t>

  package init() {
    semaphore = .allocate(capacity: 1)
    sem_init(semaphore, 0, 0)
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  /// Adds a count; a system call only where a thread waits for it.
  package func post() { sem_post(semaphore) }

  /// Takes a count, and waits for one.
  package func wait() {
    while sem_wait(semaphore) != 0 && errno == EINTR {}
  }

  /// Takes a count, and waits for one, but not longer than a limit; returns whether there was one.
  func wait(atMost limit: Duration) -> Bool {
    let end = Moment.now().advanced(by: limit)
    return clinux_semaphore_wait(semaphore, Int64(clamping: end.nanoseconds)) == 0
  }
}
