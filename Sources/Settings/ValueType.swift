// SPDX-License-Identifier: Apache-2.0

import ConfigText

/// How the text of a value becomes what the daemon works with.
struct ValueType<Value: Sendable>: Sendable {
  /// What is expected, in words that finish "expected …".
  let expected: String
  /// The unit of a bare number.
  let unit: String?
  /// Whether a value is one text, no list or map.
  let isSingle: Bool
  /// Reads a setting; nil = it cannot be read, and the report says why.
  let read: @Sendable (Setting, Report) -> Value?
  /// The text that gives a value; nil = no text does.
  let text: @Sendable (Value) -> String?

  init(
    expected: String, unit: String? = nil, isSingle: Bool = true, text: @escaping @Sendable (Value) -> String?,
    read: @escaping @Sendable (Setting, Report) -> Value?
  ) {
    self.expected = expected
    self.unit = unit
    self.isSingle = isSingle
    self.read = read
    self.text = text
  }

  /// A type whose values are one text without lists or maps; the parser says what it did not find, or nil.
  static func single(
    expected: String, unit: String? = nil, text: @escaping @Sendable (Value) -> String?,
    parse: @escaping @Sendable (String) -> Value?
  ) -> ValueType {
    ValueType(expected: expected, unit: unit, text: text) { setting, report in
      guard let found = setting.single(report) else { return nil }
      if let value = parse(found.text) { return value }
      report.problem(
        at: found.position,
        "'\(setting.key)' has the value '\(shortened(found.text))'; expected \(expected)")
      return nil
    }
  }

  /// The same type for a key that may be absent.
  var optional: ValueType<Value?> {
    ValueType<Value?>(expected: expected, unit: unit, isSingle: isSingle, text: { $0.flatMap(text) }) {
      setting, report in
      read(setting, report).map { .some($0) }
    }
  }
}

/// A value as a message shows it: bounded, and on one line.
func shortened(_ text: String, limit: Int = 80) -> String {
  var shown = ""
  for (count, scalar) in text.unicodeScalars.enumerated() {
    if count == limit { return shown + "…" }
    shown += scalar.value < 32 || scalar.value == 127 ? scalar.escaped(asASCII: true) : String(scalar)
  }
  return shown
}
