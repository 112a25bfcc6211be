// SPDX-License-Identifier: Apache-2.0

import Glibc

extension [UInt8] {
  /// Whether the same bytes stand in a buffer.
  func equals(_ other: UnsafeBufferPointer<UInt8>) -> Bool {
    withUnsafeBufferPointer { $0.equals(other) }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether the bytes of another buffer stand at the beginning.
  func begins(with other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard count >= other.count else { return false }
    guard let base = baseAddress, let otherBase = other.baseAddress else { return other.isEmpty }
    return memcmp(base, otherBase, other.count) == 0
  }

  /// Whether the bytes of another buffer stand anywhere in this one.
  ///
  /// Takes a step for each byte of both (Knuth, Morris and Pratt): where a tenant writes both texts, comparing at
  /// every place would take their product.
  func contains(_ part: UnsafeBufferPointer<UInt8>) -> Bool {
    guard !part.isEmpty else { return true }
    guard part.count <= count else { return false }
    return withUnsafeTemporaryAllocation(of: Int.self, capacity: part.count) { lengths in
      // lengths[i]: of part's first i + 1 bytes, how many at the end are also its beginning.
      lengths.initialize(repeating: 0)
      var length = 0
      for index in 1..<Swift.max(part.count, 1) {
        while length > 0, part[index] != part[length] { length = lengths[length - 1] }
        if part[index] == part[length] { length += 1 }
        lengths[index] = length
      }
      length = 0
      for byte in self {
        while length > 0, byte != part[length] { length = lengths[length - 1] }
        if byte == part[length] { length += 1 }
        if length == part.count { return true }
      }
      return false
    }
  }
}
