// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Cuts a stream of bytes into lines, in bounded memory.
///
/// A line without an end within `longest` bytes comes in pieces of that size, shortened by up to three bytes where
/// a piece would otherwise end within a UTF-8 character.
struct LineSplitter {
  /// The longest piece in bytes.
  static let longest = 16 << 10

  private var begun: [UInt8] = []

  /// Takes the next bytes of the stream and hands on each line that is complete with them, without its line feed.
  mutating func add(_ bytes: UnsafeBufferPointer<UInt8>, _ line: (UnsafeBufferPointer<UInt8>) -> Void) {
    guard let start = bytes.baseAddress else { return }
    var begin = 0
    while let lineFeed = memchr(start + begin, 0x0A, bytes.count - begin) {
      let end = UnsafeRawPointer(lineFeed) - UnsafeRawPointer(start)
      finish(with: UnsafeBufferPointer(rebasing: bytes[begin..<end]), line)
      begin = end + 1
    }
    hold(UnsafeBufferPointer(rebasing: bytes[begin...]), line)
  }

  /// Hands on what is left of a line that the end of the stream cut short.
  mutating func end(_ line: (UnsafeBufferPointer<UInt8>) -> Void) {
    guard !begun.isEmpty else { return }
    begun.withUnsafeBufferPointer(line)
    begun = []
  }

  private mutating func finish(
    with bytes: UnsafeBufferPointer<UInt8>, _ line: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    if begun.isEmpty, bytes.count <= Self.longest {
      line(bytes)
    } else {
      hold(bytes, line)
      end(line)
    }
  }

  /// Adds to the line that has begun, and hands on the pieces that are full.
  private mutating func hold(_ bytes: UnsafeBufferPointer<UInt8>, _ line: (UnsafeBufferPointer<UInt8>) -> Void) {
    var rest = bytes[...]
    while begun.count + rest.count > Self.longest {
      let taken = rest.prefix(Self.longest - begun.count)
      begun.append(contentsOf: taken)
      rest = rest[taken.endIndex...]
      let cut = Self.characterBoundary(in: begun)
      begun.withUnsafeBufferPointer { line(UnsafeBufferPointer(rebasing: $0[..<cut])) }
      begun.removeFirst(cut)
    }
    begun.append(contentsOf: rest)
  }

  /// Where to cut so that no UTF-8 character is split; the end, if the last bytes are no UTF-8.
  private static func characterBoundary(in bytes: [UInt8]) -> Int {
    for back in 1...4 where back < bytes.count {
      let byte = bytes[bytes.count - back]
      if byte & 0xC0 == 0x80 { continue }
      let length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      return length > back ? bytes.count - back : bytes.count
    }
    return bytes.count
  }
}
