// SPDX-License-Identifier: Apache-2.0

/// What makes two deliveries the same event.
///
/// Within one source: two sources never deduplicate each other.
package struct EventIdentity: Sendable, Hashable {
  package var source: String
  /// The sender's identity.
  package var id: String
  /// The digest of the body where the identity alone does not suffice: everywhere but for oslo's `message_id`.
  package var bodyDigest: Digest?

  package init(source: String, id: String, bodyDigest: Digest?) {
    self.source = source
    self.id = id
    self.bodyDigest = bodyDigest
  }
}

extension Event {
  /// What makes this event the same as another delivery of it; nil when it names no identity: it is never a duplicate.
  package var identity: EventIdentity? {
    guard let id else { return nil }
    switch form {
    case .oslo where !fact(.id).isEnvelope:
      return EventIdentity(source: envelope.source, id: id, bodyDigest: nil)
    case .cloudEventStructured, .cloudEventBinary:
      return EventIdentity(source: envelope.source, id: "\(publisher ?? "") \(id)", bodyDigest: decoder.bodyDigest)
    case .oslo, .local, .plain, .tags, .text:
      return EventIdentity(source: envelope.source, id: id, bodyDigest: decoder.bodyDigest)
    }
  }
}

extension FieldValue {
  /// Whether the value comes from the envelope and not from the body.
  fileprivate var isEnvelope: Bool {
    if case .json = self { return false }
    return true
  }
}
