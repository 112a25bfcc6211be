// SPDX-License-Identifier: Apache-2.0

import Events

extension Event {
  /// What makes this event the same as another delivery of it, as the journal keeps it: 16 bytes.
  ///
  /// Nil when it names no identity.
  var identityDigest: [UInt8]? {
    guard let identity else { return nil }
    var facts = FactBytes()
    facts.add(identity)
    return facts.digest
  }

  /// The id of a run of an action for this event: 16 bytes.
  ///
  /// The same for every delivery of the event, also after a restart, so that a script can use it as idempotency key;
  /// a digest, so that nobody can make an event whose run has the id of another's. An event without an identity has
  /// an id of its own for each delivery: `salt` tells these apart, and replays.
  func runID(of action: String, salt: String) -> [UInt8] {
    var facts = FactBytes()
    if let identity { facts.add(identity) } else { facts.add(String(envelope.received)) }
    if identity == nil || !salt.isEmpty { facts.add(salt) }
    facts.add(action)
    return facts.digest
  }
}

/// Texts, each with its end, so that `ab`, `c` and `a`, `bc` differ: no byte of UTF-8 is 0xff.
private struct FactBytes {
  private var bytes: [UInt8] = []

  mutating func add(_ text: String) {
    bytes += text.utf8
    bytes.append(0xff)
  }

  mutating func add(_ identity: EventIdentity) {
    add(identity.source)
    add(identity.id)
    add(identity.bodyDigest?.description ?? "")
  }

  var digest: [UInt8] { bytes.withUnsafeBytes { Digest(of: $0) }.prefix(16) }
}

/// The digest of an ordering key that names a lane.
///
/// Eight bytes: should two keys ever share them, their runs wait for each other, no more.
func lane(ofKey key: String) -> Int64 {
  var key = key
  let bytes = key.withUTF8 { Digest(of: UnsafeRawBufferPointer($0)) }.prefix(8)
  return bytes.reduce(0) { $0 << 8 | Int64($1) }
}
