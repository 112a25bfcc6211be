// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Wakes a thread that sleeps on it, or makes its next sleep end at once: an eventfd.
struct Doorbell: ~Copyable, Sendable {
  private let counter: Descriptor

  /// For epoll.
  var descriptor: Int32 { counter.number }

  /// Makes a doorbell whose `answer` waits for a ring or does not.
  init(waiting: Bool) throws(ErrorNumber) {
    counter = try Descriptor(opened: waiting ? clinux_eventfd_waiting() : clinux_eventfd_nonblocking())
  }

  /// Rings; several rings before an answer count as one.
  func ring() { eventfd_write(counter.number, 1) }

  /// Waits for a ring, but not longer than a limit; returns whether there was one.
  func wait(atMost limit: Duration) -> Bool {
    var entry = pollfd(fd: counter.number, events: Int16(POLLIN), revents: 0)
    let milliseconds = Moment.now().advanced(by: limit).milliseconds(from: .now())
    return poll(&entry, 1, milliseconds) > 0
  }

  /// Takes all rings so far.
  func answer() {
    var rings = eventfd_t()
    eventfd_read(counter.number, &rings)
  }
}
