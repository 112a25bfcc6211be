// SPDX-License-Identifier: Apache-2.0

/// The form in which events that onevent was handed directly are kept: one JSON object with the members `type`, `tags`,
/// `subject`, `objects`, `timestamp`, `id` and `payload`.
///
/// Who publishes says all of it, so it is not looked for in the payload; where a member is missing, what the source's
/// `subject`, `objects`, `event_id` and `event_time` find in the payload counts.
extension Envelope {
  /// Marks a body of this form, also where its source is no longer configured.
  package static let localContentType = "application/vnd.onevent.event+json"

  /// Told without allocating.
  var declaresLocalEvent: Bool {
    guard let contentType else { return false }
    return contentType.utf8.count == Self.localContentType.utf8.count && contentType == Self.localContentType
  }
}

extension EventDecoder {
  /// Decodes a body of the local form.
  func decodeLocalEvent() throws(DecodingFailure) -> Event {
    try parseBody()
    let message = outer.root
    guard message.kind == .object else {
      throw DecodingFailure("The body is declared a local event and is \(message.kindName), not an object.")
    }
    var type = FieldValue.text(Event.defaultType)
    if let sent = message.member("type"), sent.kind == .string, sent.isName { type = .json(sent) }
    return Event(.local, self, message: message, payload: message.member("payload") ?? nothing.root, type: type)
  }
}

extension Event {
  /// The length in bytes that a tag may have.
  package static let longestTag = 255

  /// The type of an event that its publisher gives none.
  package static let defaultType = "event"

  /// The kinds of objects that a local event names itself.
  var namedObjectKinds: [String] {
    guard form == .local else { return [] }
    var kinds: [String] = []
    message.member("objects")?.forEachDistinctMember { kind, _ in kinds.append(String(decoding: kind, as: UTF8.self)) }
    return kinds
  }

  /// The tags that a local event was given.
  var namedTags: [String] {
    var tags: [String] = []
    message.member("tags")?.forEachElement { tag in
      tags.append(tag.text)
      return true
    }
    return tags
  }
}
