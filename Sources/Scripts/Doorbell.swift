// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Wakes a thread that sleeps on it, or makes its next sleep end at once: an eventfd.
struct Doorbell: ~Copyable, Sendable {
  private let counter: Descriptor

  /// For epoll.
  var descriptor: Int32 { counter.number }

  init() throws(ErrorNumber) { counter = try Descriptor(opened: clinux_eventfd_nonblocking()) }

  /// Rings; several rings before an answer count as one.
  func ring() { eventfd_write(counter.number, 1) }

  /// Takes all rings so far; does not wait for one.
  func answer() {
    var rings = eventfd_t()
    eventfd_read(counter.number, &rings)
  }
}
