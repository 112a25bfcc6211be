// SPDX-License-Identifier: Apache-2.0

import Events

extension Event {
  /// The id of a run of an action for this event: 32 hexadecimal digits.
  ///
  /// The same for every delivery of the event, also after a restart, so that a script can use it as idempotency key;
  /// a digest, so that nobody can make an event whose run has the id of another's. An event without an identity has
  /// an id of its own for each delivery.
  func runID(of action: Action, _ identity: EventIdentity?, number: UInt64) -> String {
    var facts: [UInt8] = []
    // A text and its end, so that `ab`, `c` and `a`, `bc` differ: no byte of UTF-8 is 0xff.
    func add(_ text: String) {
      facts += text.utf8
      facts.append(0xff)
    }
    if let identity {
      add(identity.source)
      add(identity.id)
      add(identity.bodyDigest?.description ?? "")
    } else {
      add(String(envelope.received))
      add(String(number))
    }
    add(action.name)
    return String(facts.withUnsafeBytes { Digest(of: $0) }.description.prefix(32))
  }
}
