// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The types of late as strings: a busy daemon sees few types, again and again, and makes each once.
///
/// Direct-mapped: each type has one place, and the latest stays. Senders choose types, so the places are few, and which
/// types share one differs from process to process. Owned by one thread.
struct TypeNames {
  static let places = 256

  private var names = Array(repeating: "", count: places)

  /// The type as a string; one that was here of late allocates nothing.
  mutating func name(_ type: UnsafeBufferPointer<UInt8>) -> String {
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(type))
    let place = hasher.finalize() & (Self.places - 1)
    if !names[place].isEqual(to: type) { names[place] = String(decoding: type, as: UTF8.self) }
    return names[place]
  }
}

extension String {
  /// Whether its UTF-8 is these bytes.
  func isEqual(to bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard utf8.count == bytes.count else { return false }
    guard let start = bytes.baseAddress else { return true }
    return utf8.withContiguousStorageIfAvailable { $0.baseAddress.map { memcmp($0, start, bytes.count) == 0 } ?? true }
      ?? utf8.elementsEqual(bytes)
  }
}
