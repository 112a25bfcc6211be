// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What running scripts print, for those who watch: the last bytes of each, in memory.
final class LiveOutputs: Sendable {
  /// Bytes kept of one run.
  static let limit = 32 << 10

  private struct Tail {
    var bytes: [UInt8] = []
    /// The offset of the first byte that is kept.
    var offset: UInt64 = 0
  }

  private let tails = Mutex<[Int64: Tail]>([:])

  func begin(_ run: Int64) {
    tails.withLock { $0[run] = Tail() }
  }

  /// Takes a line, and adds its line feed.
  func add(_ line: UnsafeBufferPointer<UInt8>, of run: Int64) {
    tails.withLock { tails in
      guard tails[run] != nil else { return }
      tails[run]?.bytes.append(contentsOf: line)
      tails[run]?.bytes.append(UInt8(ascii: "\n"))
      let excess = (tails[run]?.bytes.count ?? 0) - 2 * Self.limit
      // Rarely, so that a line costs no move of all others.
      guard excess > 0 else { return }
      tails[run]?.bytes.removeFirst(excess + Self.limit)
      tails[run]?.offset += UInt64(excess + Self.limit)
    }
  }

  func end(_ run: Int64) {
    tails.withLock { $0[run] = nil }
  }

  /// What was printed from an offset on, and the offset of its first byte; nil when the run is not running.
  func output(of run: Int64, after offset: UInt64) -> (offset: UInt64, bytes: [UInt8])? {
    tails.withLock { tails in
      guard let tail = tails[run] else { return nil }
      let first = max(offset, tail.offset)
      let skipped = Int(clamping: first - tail.offset)
      return (first, Array(tail.bytes.dropFirst(skipped)))
    }
  }
}
