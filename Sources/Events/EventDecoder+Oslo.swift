// SPDX-License-Identifier: Apache-2.0

extension EventDecoder {
  /// Decodes oslo.messaging's format 2.0 (`messagingv2`): a notification as JSON text in a JSON string.
  ///
  /// As the library does, takes any version that is compatible with 2.0 and no other.
  func decodeOslo(
    _ version: JSONValue, _ message: JSONValue, _ envelope: Envelope
  ) throws(DecodingFailure) -> Event {
    guard version.withText({ $0.equals("2") || $0.starts(with: "2.") }) else {
      throw DecodingFailure("`oslo.version` is \(version.excerpt), and 2.x is what can be read.")
    }
    guard message.kind == .string else {
      throw DecodingFailure("`oslo.message` is \(message.kindName), not a string that holds JSON.")
    }
    if let error = inner.error(parsing: message) { throw DecodingFailure("`oslo.message`", error) }
    guard inner.root.kind == .object else {
      throw DecodingFailure("`oslo.message` holds \(inner.root.kindName), not an object.")
    }
    return try oslo(inner.root, envelope)
  }

  /// Decodes a notification: format 1.0 (`messaging`), and what format 2.0 carries.
  func oslo(_ message: JSONValue, _ envelope: Envelope) throws(DecodingFailure) -> Event {
    guard let type = message.member("event_type") else {
      throw DecodingFailure("The notification has no `event_type`.")
    }
    guard type.kind == .string, type.isName else {
      throw DecodingFailure("The notification's `event_type` is \(type.excerpt), not a text.")
    }
    return Event(
      .oslo, self, message: message, payload: message.member("payload") ?? nothing.root,
      type: .json(type))
  }
}

extension JSONDocument {
  /// Parses the text of a value of another document; returns why it is not JSON.
  func error(parsing value: JSONValue) -> JSONError? {
    value.withText { error(parsing: UnsafeRawBufferPointer($0)) }
  }

  /// Parses a text; returns why it is not JSON.
  func error(parsing json: [UInt8]) -> JSONError? { json.withUnsafeBytes(error(parsing:)) }

  private func error(parsing bytes: UnsafeRawBufferPointer) -> JSONError? {
    do throws(JSONError) {
      try parse(bytes)
      return nil
    } catch {
      return error
    }
  }
}

extension JSONValue {
  /// The kind with its article, as an error names it.
  var kindName: String {
    switch kind {
    case .null: "null"
    case .false: "false"
    case .true: "true"
    case .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }

  /// What an error shows of a value: a short scalar as it is, anything else by its kind.
  var excerpt: String {
    switch kind {
    case .string where withText({ $0.count <= 40 }): text.quoted
    case .number where withText({ $0.count <= 40 }): text
    default: kindName
    }
  }
}
