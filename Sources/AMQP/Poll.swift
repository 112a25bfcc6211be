// SPDX-License-Identifier: Apache-2.0

import Glibc

/// poll(2) for what this module waits on: one descriptor, and one that ends or interrupts the wait.
enum Poll {
  enum Ready {
    case first
    /// Only the second.
    case second
    case neither
  }

  /// Waits until one of two descriptors is ready; a negative descriptor never is.
  static func wait(
    _ first: Int32, for events: Int32 = POLLIN, _ second: Int32, until deadline: Instant
  ) -> Ready {
    var entries = (
      pollfd(fd: first, events: Int16(events), revents: 0), pollfd(fd: second, events: Int16(POLLIN), revents: 0)
    )
    while true {
      let limit = Instant.now.milliseconds(until: deadline)
      let count = withUnsafeMutableBytes(of: &entries) { bytes in
        poll(bytes.assumingMemoryBound(to: pollfd.self).baseAddress, 2, limit)
      }
      // The thread is deaf to signals, but a debugger can interrupt it.
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return .neither }
      return entries.0.revents != 0 ? .first : .second
    }
  }
}
