// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Bytes in memory that is reused from one body to the next.
///
/// Owns that memory.
struct ByteMemory: ~Copyable {
  /// What is kept between bodies; what grew beyond is given back when a smaller body comes.
  static let keptCapacity = 1 << 20

  private var memory: UnsafeMutableRawPointer?
  private var capacity = 0
  private(set) var count = 0

  deinit { free(memory) }

  var isEmpty: Bool { count == 0 }

  func withBytes<R, E>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    try body(UnsafeRawBufferPointer(start: memory, count: count))
  }

  mutating func withMutableBytes<R>(_ body: (UnsafeMutableRawBufferPointer) -> R) -> R {
    body(UnsafeMutableRawBufferPointer(start: memory, count: count))
  }

  /// Hands over the free memory behind the bytes; takes on as many as `body` says it wrote.
  mutating func appendBytes(_ body: (UnsafeMutableRawBufferPointer) -> Int) {
    let start = memory.map { $0 + count }
    let written = body(UnsafeMutableRawBufferPointer(start: start, count: capacity - count))
    count += max(0, min(written, capacity - count))
  }

  /// Makes room for bytes in all; returns false when there is no memory.
  mutating func reserve(_ wanted: Int) -> Bool {
    guard wanted > capacity else { return true }
    var size = 4096
    while size < wanted { size *= 2 }
    guard let grown = realloc(memory, size) else { return false }
    memory = grown
    capacity = size
    return true
  }

  /// Copies bytes in place of the present ones; returns false when there is no memory.
  mutating func replace(with bytes: UnsafeRawBufferPointer) -> Bool {
    clear()
    guard reserve(bytes.count) else { return false }
    if let memory, let source = bytes.baseAddress { memcpy(memory, source, bytes.count) }
    count = bytes.count
    return true
  }

  mutating func clear() {
    count = 0
  }

  /// Overwrites every byte with `*`.
  mutating func blankAll() {
    if let memory { memset(memory, Int32(UInt8(ascii: "*")), count) }
  }

  /// Gives back what is beyond `keptCapacity`, with the bytes in it.
  mutating func trim() {
    guard capacity > Self.keptCapacity else { return }
    free(memory)
    memory = nil
    capacity = 0
    count = 0
  }
}
