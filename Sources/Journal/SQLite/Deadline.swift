// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A moment of the monotonic clock after which a connection's statements give up.
struct Deadline: ~Copyable {
  /// Nanoseconds of `CLOCK_MONOTONIC`.
  let pointer: UnsafeMutablePointer<Int64>

  init() {
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: .max)
  }

  deinit { pointer.deallocate() }

  /// Gives the statements from now on this long.
  func set(_ limit: Duration) {
    let (seconds, attoseconds) = limit.components
    pointer.pointee = Self.now + seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }

  func clear() { pointer.pointee = .max }

  /// SQLite's progress handler: not 0 = give up.
  static let isOver: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { pointer in
    guard let limit = pointer?.load(as: Int64.self) else { return 0 }
    return now > limit ? 1 : 0
  }

  private static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
