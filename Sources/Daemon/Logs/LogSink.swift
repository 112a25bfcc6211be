// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where log entries go; used by the log's thread only.
protocol LogSink: Sendable {
  /// Writes entries that lie one behind the other; `ends` says where each of them ends.
  ///
  /// May wait for a slow reader. Returns how many entries are lost.
  func write(_ bytes: [UInt8], ends: [Int]) -> Int
}

/// A file, terminal or pipe, that takes entries which are lines.
struct LineSink: LogSink {
  let descriptor: Int32

  func write(_ bytes: [UInt8], ends: [Int]) -> Int {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written >= 0 {
        rest = rest.dropFirst(written)
      } else if errno == EAGAIN {
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&ready, 1, -1)
      } else if errno != EINTR {
        return ends.count { $0 > rest.startIndex }
      }
    }
    return 0
  }
}
