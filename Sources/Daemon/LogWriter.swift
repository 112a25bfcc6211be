// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Writes log lines to a descriptor from a thread of its own, so that a reader who stops reading blocks nobody.
///
/// What does not fit the buffer is dropped, counted, and said in the log as soon as there is room again.
final class LogWriter: Sendable {
  /// Bytes that wait for a slow reader.
  static let capacity = 4 << 20

  private struct State {
    var waiting: [UInt8] = []
    var dropped = 0
    var isClosing = false
    var isWriting = false
  }

  private let state = Mutex(State())
  private let lines = Signal()
  private let descriptor: Int32
  /// Makes the line that says how many lines were dropped.
  private let notice: @Sendable (Int) -> [UInt8]

  init(descriptor: Int32, notice: @escaping @Sendable (Int) -> [UInt8]) throws(ThreadFailure) {
    self.descriptor = descriptor
    self.notice = notice
    try startThread(named: "log") { self.run() }
  }

  /// Queues one line, its end included.
  func write(_ line: [UInt8]) {
    let wasEmpty = state.withLock { state -> Bool in
      guard state.waiting.count + line.count <= Self.capacity else {
        state.dropped += 1
        return false
      }
      defer { state.waiting += line }
      return state.waiting.isEmpty
    }
    if wasEmpty { lines.raise() }
  }

  /// Waits until everything queued is written, at most for the given time.
  func flush(within limit: Duration = .seconds(2)) {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
      if state.withLock({ $0.waiting.isEmpty && !$0.isWriting }) { return }
      usleep(1_000)
    }
  }

  private func run() {
    while true {
      lines.wait()
      while let chunk = takeWaiting() { writeAll(chunk) }
      // Lines come in bursts: who writes one meanwhile need not wake this thread, which costs more than the line.
      usleep(2_000)
    }
  }

  private func takeWaiting() -> [UInt8]? {
    state.withLock { state in
      guard !state.waiting.isEmpty || state.dropped > 0 else {
        state.isWriting = false
        return nil
      }
      var chunk: [UInt8] = []
      swap(&chunk, &state.waiting)
      if state.dropped > 0 {
        chunk += notice(state.dropped)
        state.dropped = 0
      }
      state.isWriting = true
      return chunk
    }
  }

  private func writeAll(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written >= 0 {
        rest = rest.dropFirst(written)
      } else if errno == EAGAIN {
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&ready, 1, -1)
      } else if errno != EINTR {
        let lost = rest.count { $0 == UInt8(ascii: "\n") }
        state.withLock { $0.dropped += lost }
        return
      }
    }
  }
}
