// SPDX-License-Identifier: Apache-2.0

/// Numbers byte strings from 0 in the order of their insertion, and finds them again without allocating.
struct ByteTable: Sendable {
  private struct Key {
    var hash: UInt64
    var bytes: [UInt8]
  }

  private var keys: [Key] = []
  /// Open addressing with linear probing: indexes into `keys`, or -1.
  ///
  /// A power of two, at most half full.
  private var slots: [Int32] = Array(repeating: -1, count: 16)

  var count: Int { keys.count }

  func index(of bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    let index = slots[slot(for: bytes, hash: Self.hash(bytes))]
    return index < 0 ? nil : Int(index)
  }

  /// Returns the number of a byte string, a new one where it is not there yet.
  mutating func insert(_ bytes: [UInt8]) -> Int {
    bytes.withUnsafeBufferPointer { buffer in
      let hash = Self.hash(buffer)
      let slot = slot(for: buffer, hash: hash)
      guard slots[slot] < 0 else { return Int(slots[slot]) }
      slots[slot] = Int32(keys.count)
      keys.append(Key(hash: hash, bytes: bytes))
      if keys.count * 2 > slots.count { grow() }
      return keys.count - 1
    }
  }

  /// The slot that holds a byte string, or the free one where it belongs.
  private func slot(for bytes: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] >= 0 {
      let key = Int(slots[slot])
      if keys[key].hash == hash, keys[key].bytes.equals(bytes) { break }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private mutating func grow() {
    slots = Array(repeating: -1, count: slots.count * 2)
    let mask = slots.count - 1
    for (index, key) in keys.enumerated() {
      var slot = Int(truncatingIfNeeded: key.hash) & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(index)
    }
  }

  /// Mixes eight bytes at a time.
  ///
  /// Without a random seed: the keys come from the configuration, so a sender who finds collisions can only make
  /// his own lookups longer, by no more than the configuration holds.
  static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let raw = UnsafeRawBufferPointer(bytes)
    var hash = UInt64(raw.count) &* 0x9E37_79B9_7F4A_7C15
    var offset = 0
    while raw.count - offset >= 8 {
      hash = mix(hash ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    var rest: UInt64 = 0
    while offset < raw.count {
      rest = rest << 8 | UInt64(raw[offset])
      offset += 1
    }
    return mix(hash ^ rest)
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    return product.high ^ product.low
  }
}
