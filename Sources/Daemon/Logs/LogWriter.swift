// SPDX-License-Identifier: Apache-2.0

import Glibc
import Scripts
import Synchronization

/// Writes log entries from a thread of its own, so that a reader who stops reading blocks nobody.
///
/// What does not fit the buffer is dropped, counted, and said in the log as soon as there is room again.
final class LogWriter: Sendable {
  /// Bytes that wait for a slow reader.
  static let capacity = 4 << 20

  private struct State {
    var waiting: [UInt8] = []
    /// Where each of them ends.
    var ends: [Int] = []
    var dropped = 0
    var isClosing = false
    var isWriting = false
  }

  private let state = Mutex(State())
  private let lines = Semaphore()
  private let sink: any LogSink
  /// Makes the entry that says how many entries were dropped.
  private let notice: @Sendable (Int) -> [UInt8]

  init(sink: any LogSink, notice: @escaping @Sendable (Int) -> [UInt8]) throws(ThreadFailure) {
    self.sink = sink
    self.notice = notice
    try startThread(named: "log") { self.run() }
  }

  /// Queues one entry; a line with its end.
  func write(_ entry: [UInt8]) {
    let wasEmpty = state.withLock { state -> Bool in
      guard state.waiting.count + entry.count <= Self.capacity else {
        state.dropped += 1
        return false
      }
      defer {
        state.waiting += entry
        state.ends.append(state.waiting.count)
      }
      return state.waiting.isEmpty
    }
    if wasEmpty { lines.post() }
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
      while let (bytes, ends) = takeWaiting() {
        let lost = sink.write(bytes, ends: ends)
        guard lost > 0 else { continue }
        // Said with the next entry: a descriptor that takes nothing any more would else be tried for ever.
        state.withLock { state in
          state.dropped += lost
          state.isWriting = false
        }
        break
      }
      // Lines come in bursts: who writes one meanwhile need not wake this thread, which costs more than the line.
      usleep(2_000)
    }
  }

  private func takeWaiting() -> (bytes: [UInt8], ends: [Int])? {
    state.withLock { state in
      guard !state.waiting.isEmpty || state.dropped > 0 else {
        state.isWriting = false
        return nil
      }
      var (chunk, ends): ([UInt8], [Int]) = ([], [])
      swap(&chunk, &state.waiting)
      swap(&ends, &state.ends)
      if state.dropped > 0 {
        chunk += notice(state.dropped)
        ends.append(chunk.count)
        state.dropped = 0
      }
      state.isWriting = true
      return (chunk, ends)
    }
  }
}
