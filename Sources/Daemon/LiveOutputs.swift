// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What running scripts print, for those who watch: the last bytes of each, in memory.
final class LiveOutputs: Sendable {
  /// Bytes kept of one run.
  static let limit = 32 << 10

  /// Runs of which the output is kept behind their end: only of those that somebody watched.
  static let endedLimit = 16

  private struct Tail {
    var bytes: [UInt8] = []
    /// The offset of the first byte that is kept.
    var offset: UInt64 = 0
    /// Whether somebody asked: who watches has yet to read what was printed last.
    var isWatched = false
    var isEnded = false
  }

  private struct Tails {
    var all: [Int64: Tail] = [:]
    /// Those that have ended, the oldest first.
    var ended: [Int64] = []

    mutating func remove(_ run: Int64) {
      all[run] = nil
      ended.removeAll { $0 == run }
    }
  }

  private let tails = Mutex(Tails())

  func begin(_ run: Int64) {
    tails.withLock { tails in
      tails.remove(run)
      tails.all[run] = Tail()
    }
  }

  /// Takes a line, and adds its line feed.
  func add(_ line: UnsafeBufferPointer<UInt8>, of run: Int64) {
    tails.withLock { tails in
      guard tails.all[run] != nil else { return }
      tails.all[run]?.bytes.append(contentsOf: line)
      tails.all[run]?.bytes.append(UInt8(ascii: "\n"))
      let excess = (tails.all[run]?.bytes.count ?? 0) - 2 * Self.limit
      // Rarely, so that a line costs no move of all others.
      guard excess > 0 else { return }
      tails.all[run]?.bytes.removeFirst(excess + Self.limit)
      tails.all[run]?.offset += UInt64(excess + Self.limit)
    }
  }

  func end(_ run: Int64) {
    tails.withLock { tails in
      guard tails.all[run]?.isWatched == true else { return tails.remove(run) }
      tails.all[run]?.isEnded = true
      tails.ended.append(run)
      if tails.ended.count > Self.endedLimit { tails.remove(tails.ended[0]) }
    }
  }

  /// What was printed from an offset on, the offset of its first byte, and whether more can come.
  ///
  /// Nil when the run is not running, unless somebody watched it to its end.
  func output(of run: Int64, after offset: UInt64) -> (offset: UInt64, bytes: [UInt8], isEnded: Bool)? {
    tails.withLock { tails in
      guard let tail = tails.all[run] else { return nil }
      tails.all[run]?.isWatched = true
      let first = max(offset, tail.offset)
      let skipped = Int(clamping: first - tail.offset)
      return (first, Array(tail.bytes.dropFirst(skipped)), tail.isEnded)
    }
  }
}
