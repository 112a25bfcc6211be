// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ
import Glibc

/// Wakes a thread out of poll(2): an eventfd(2), closed with its last owner.
final class EventDescriptor: Sendable {
  /// To be polled for reading; negative when the system had no descriptor left, which poll(2) ignores.
  let descriptor: Int32

  init() {
    descriptor = onevent_eventfd()
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Makes the descriptor readable until `reset`.
  func signal() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
  }

  func reset() {
    var count: UInt64 = 0
    _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
  }

  /// Waits until it is signalled.
  ///
  /// - Returns: Whether it was, within the limit.
  func wait(atMost limit: Duration) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let deadline = Instant.now.advanced(by: limit)
    while true {
      let count = poll(&entry, 1, Instant.now.milliseconds(until: deadline))
      if count > 0 { return true }
      if count == 0 || errno != EINTR { return false }
    }
  }
}
