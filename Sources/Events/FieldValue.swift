// SPDX-License-Identifier: Apache-2.0

/// What a path finds in an event.
package enum FieldValue {
  /// There is nothing at the path. Not the same as null.
  case missing
  /// A value of the payload, versioned objects unwrapped.
  case json(JSONValue)
  /// A fact of the envelope.
  case text(String)
  /// A number of the envelope, by its decimal text: a message header.
  case number(String)
  case boolean(Bool)
  /// A fact of the envelope that is there and null: a message header of type void.
  case null
  /// A list of texts, such as `@tags`.
  case list([String])
}

extension FieldValue {
  /// The value's text, where it is a text or number that is not empty: what can name or order something.
  var name: String? {
    switch self {
    case .json(let value):
      guard value.isName else { return nil }
      return value.text
    case .text(let text), .number(let text): return text.isEmpty ? nil : text
    case .missing, .boolean, .null, .list: return nil
    }
  }

  /// Appends the value as JSON; `null` where it is missing.
  func appendJSON(to output: inout [UInt8]) {
    switch self {
    case .missing, .null: output.append(literal: "null")
    case .json(let value): value.appendJSON(to: &output, unwrapping: true)
    case .text(let text): output.appendJSON(text: text.utf8)
    case .number(let text):
      // Not every number of AMQP is one of JSON: a double may be NaN.
      let isInteger = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      isInteger && !text.isEmpty ? output.append(contentsOf: text.utf8) : output.appendJSON(text: text.utf8)
    case .boolean(let isTrue): output.append(literal: isTrue ? "true" : "false")
    case .list(let texts):
      output.append(UInt8(ascii: "["))
      for (index, text) in texts.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        output.appendJSON(text: text.utf8)
      }
      output.append(UInt8(ascii: "]"))
    }
  }
}

extension JSONValue {
  /// Whether the value is a text or number that is not empty.
  var isName: Bool {
    switch kind {
    case .string: withText { !$0.isEmpty }
    case .number: true
    case .null, .false, .true, .array, .object: false
    }
  }
}
