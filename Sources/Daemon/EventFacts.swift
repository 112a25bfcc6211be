// SPDX-License-Identifier: Apache-2.0

import Events

extension Event {
  /// The id of a run of an action for this event: 16 hexadecimal digits.
  ///
  /// The same for every delivery of the event, also after a restart, so that a script can use it as idempotency key.
  /// An event without an identity has an id of its own for each delivery.
  func runID(of action: Action, number: UInt64) -> String {
    var hash = FNV1a()
    if let identity {
      hash.combine(identity.source)
      hash.combine(identity.id)
      if let digest = identity.bodyDigest { hash.combine(digest.description) }
    } else {
      hash.combine(String(envelope.received))
      hash.combine(String(number))
    }
    hash.combine(action.name)
    let digits = String(hash.value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// The 64-bit FNV-1a hash: the same in every process, unlike Swift's own.
private struct FNV1a {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  /// Takes in a text and its end, so that `ab`, `c` and `a`, `bc` differ.
  mutating func combine(_ text: String) {
    for byte in text.utf8 { combine(byte) }
    combine(0xff)
  }

  private mutating func combine(_ byte: UInt8) {
    value = (value ^ UInt64(byte)) &* 0x100_0000_01b3
  }
}
