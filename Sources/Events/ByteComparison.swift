// SPDX-License-Identifier: Apache-2.0

import Glibc

extension UnsafeBufferPointer<UInt8> {
  /// Whether the bytes are those of a literal, without allocating.
  @inline(__always)
  func equals(_ literal: StaticString) -> Bool {
    guard count == literal.utf8CodeUnitCount, let baseAddress else { return count == literal.utf8CodeUnitCount }
    return memcmp(baseAddress, literal.utf8Start, count) == 0
  }

  /// Whether the bytes are those of another buffer, without allocating.
  @inline(__always)
  func equals(_ other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard count == other.count, let baseAddress, let start = other.baseAddress else { return count == other.count }
    return memcmp(baseAddress, start, count) == 0
  }

  @inline(__always)
  func starts(with literal: StaticString) -> Bool {
    count >= literal.utf8CodeUnitCount && prefix(literal.utf8CodeUnitCount).rebased.equals(literal)
  }

  @inline(__always)
  func ends(with literal: StaticString) -> Bool {
    count >= literal.utf8CodeUnitCount && suffix(literal.utf8CodeUnitCount).rebased.equals(literal)
  }
}

extension Slice<UnsafeBufferPointer<UInt8>> {
  @inline(__always)
  var rebased: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: self) }
}
