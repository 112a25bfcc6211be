// SPDX-License-Identifier: Apache-2.0

extension Envelope {
  /// The header of this name; the first one.
  ///
  /// Names are case-sensitive, as AMQP's are.
  func header(_ name: String) -> FieldValue {
    headers.first { $0.name == name }?.value.fieldValue ?? .missing
  }

  /// An attribute of a CloudEvent in binary mode.
  ///
  /// The prefix is `cloudEvents_`, or `cloudEvents:` from older senders: CloudEvents AMQP protocol binding 1.0.2,
  /// section 3.1.3.1.
  func cloudEventAttribute(_ name: String) -> FieldValue {
    for header in headers {
      guard let attribute = Self.cloudEventAttribute(ofHeader: header.name), attribute == name else { continue }
      return header.value.fieldValue
    }
    return .missing
  }

  /// The attribute that a header carries; nil for other headers.
  static func cloudEventAttribute(ofHeader name: String) -> Substring? {
    for prefix in ["cloudEvents_", "cloudEvents:"] where name.hasPrefix(prefix) {
      return name.dropFirst(prefix.count)
    }
    return nil
  }

  /// Whether the content type is one of CloudEvents; told without allocating.
  var declaresCloudEvent: Bool {
    // Most senders say `application/json` or nothing: too short, which is told before any byte is looked at.
    guard let contentType, contentType.utf8.count >= 23 else { return false }
    // The bit 0x20 makes letters lower case and leaves the slash.
    return contentType.utf8.lazy.drop { $0 == UInt8(ascii: " ") }.map { $0 | 0x20 }
      .starts(with: "application/cloudevents".utf8)
  }

  /// The media type without its parameters, in lower case; nil where there is none.
  var mediaType: String? {
    contentType.map(Self.bareMediaType)
  }

  package static func bareMediaType(_ contentType: String) -> String {
    String(contentType.lowercased().drop { $0 == " " }.prefix { $0 != ";" && $0 != " " })
  }
}

extension Envelope.Header.Value {
  var fieldValue: FieldValue {
    switch self {
    case .text(let text): .text(text)
    case .number(let text): .number(text)
    case .boolean(let isTrue): .boolean(isTrue)
    case .null: .null
    }
  }
}
