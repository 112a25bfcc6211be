// SPDX-License-Identifier: Apache-2.0

/// CloudEvents 1.0: structured mode (JSON format) and binary mode (AMQP protocol binding).
extension EventDecoder {
  /// Decodes a body that its envelope declares to be a CloudEvent; nil where it declares nothing.
  func decodeDeclaredCloudEvent(_ envelope: Envelope) throws(DecodingFailure) -> Event? {
    if !envelope.headers.isEmpty {
      let version = envelope.cloudEventAttribute("specversion").named
      if case .text(let version) = version { return try decodeBinaryCloudEvent(version, envelope) }
    }
    guard envelope.declaresCloudEvent, let mediaType = envelope.mediaType else { return nil }
    switch mediaType {
    case "application/cloudevents+json":
      try parseBody()
      guard outer.root.kind == .object else {
        throw DecodingFailure("The body is declared a CloudEvent and is \(outer.root.kindName), not an object.")
      }
      return try decodeStructuredCloudEvent(outer.root, envelope)
    default:
      throw DecodingFailure("The content type \(mediaType.quoted) is not supported; application/cloudevents+json is.")
    }
  }

  /// Whether an object has the attributes that every CloudEvent must have, and a version that can be read.
  func isCloudEvent(_ object: JSONValue) -> Bool {
    guard let version = object.member("specversion"), version.kind == .string,
      version.withText({ $0.starts(with: "1.") })
    else { return false }
    for name: StaticString in ["id", "source", "type"] {
      guard let value = object.member(name), value.kind == .string, value.isName else { return false }
    }
    return true
  }

  func decodeStructuredCloudEvent(_ object: JSONValue, _ envelope: Envelope) throws(DecodingFailure) -> Event {
    guard let version = object.member("specversion"), version.withText({ $0.starts(with: "1.") }) else {
      let found = object.member("specversion")?.excerpt ?? "missing"
      throw DecodingFailure("The CloudEvent's `specversion` is \(found), and 1.x is what can be read.")
    }
    guard let type = object.member("type"), type.kind == .string, type.isName else {
      let found = object.member("type")?.excerpt ?? "missing"
      throw DecodingFailure("The CloudEvent's `type` is \(found), not a text.")
    }
    let payload = try cloudEventData(object)
    return Event(.cloudEventStructured, self, message: object, payload: payload, type: .json(type))
  }

  private func decodeBinaryCloudEvent(_ version: String, _ envelope: Envelope) throws(DecodingFailure) -> Event {
    guard version.hasPrefix("1.") else {
      throw DecodingFailure("The CloudEvent's `specversion` is \(version.quoted), and 1.x is what can be read.")
    }
    guard case .text(let type) = envelope.cloudEventAttribute("type").named else {
      throw DecodingFailure("The CloudEvent has no header `cloudEvents_type` with a text.")
    }
    if Self.isJSON(envelope.mediaType) {
      // A CloudEvent may come without data.
      if !hasEmptyBody { try parseBody() }
    } else {
      try parseBodyAsText()
    }
    return Event(
      .cloudEventBinary, self, message: nothing.root, payload: hasEmptyBody ? nothing.root : outer.root,
      type: .text(type))
  }

  /// The event's data: `data` as it is; of `data_base64` what it encodes, where that is JSON or text, else itself.
  private func cloudEventData(_ object: JSONValue) throws(DecodingFailure) -> JSONValue {
    if let data = object.member("data") { return data }
    guard let encoded = object.member("data_base64") else { return nothing.root }
    guard encoded.kind == .string, var bytes = encoded.withText(Base64.decode) else {
      throw DecodingFailure("The CloudEvent's `data_base64` is not base64.")
    }
    bytes.withUnsafeMutableBytes(AuthToken.blank(in:))
    let mediaType = object.member("datacontenttype").map { Envelope.bareMediaType($0.text) }
    guard Self.isJSON(mediaType) else {
      var text: [UInt8] = []
      text.appendJSON(text: bytes)
      return inner.error(parsing: text) == nil ? inner.root : encoded
    }
    if let error = inner.error(parsing: bytes) { throw DecodingFailure("The CloudEvent's `data_base64`", error) }
    return inner.root
  }

  /// CloudEvents JSON format, section 3.1: without a type, data is JSON.
  private static func isJSON(_ mediaType: String?) -> Bool {
    guard let mediaType, !mediaType.isEmpty else { return true }
    return mediaType == "application/json" || mediaType == "text/json" || mediaType.hasSuffix("+json")
  }
}
