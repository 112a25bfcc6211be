// SPDX-License-Identifier: Apache-2.0

import ConfigText

// Values that are one text: numbers with units, words of a set, names, secrets.

extension ValueType where Value == Duration {
  /// A time span: `250ms`, `30s`, `5m`, `2h`, `1d`; a bare number is seconds.
  static func duration(_ range: ClosedRange<Duration>) -> ValueType {
    .single(
      expected: "a duration such as 30s, 5m or 2h, \(Quantity.text(range.lowerBound)) to "
        + Quantity.text(range.upperBound),
      unit: "seconds", text: { Quantity.text($0) }
    ) { text in
      Quantity.duration(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }
}

extension ValueType where Value == Int {
  /// A whole number in decimal digits.
  static func integer(_ range: ClosedRange<Int>) -> ValueType {
    .single(
      expected: "a whole number, \(range.lowerBound) to \(range.upperBound)", text: { String($0) }
    ) { text in
      Quantity.digits(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }

  /// A number of bytes: `64KiB`, `1MiB`, `1GiB`; a bare number is bytes.
  static func size(_ range: ClosedRange<Int>) -> ValueType {
    .single(
      expected: "a size such as 64KiB or 1MiB, \(Quantity.text(bytes: range.lowerBound)) to "
        + Quantity.text(bytes: range.upperBound),
      unit: "bytes", text: { Quantity.text(bytes: $0) }
    ) { text in
      Quantity.bytes(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }
}

extension ValueType where Value == Double {
  /// A number in decimal digits, with a point or without.
  static func number(_ range: ClosedRange<Double>) -> ValueType {
    .single(
      expected: "a number such as 2 or 1.5, \(Quantity.text(range.lowerBound)) to \(Quantity.text(range.upperBound))",
      text: { Quantity.text($0) }
    ) { text in
      Quantity.number(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }
}

extension ValueType where Value == Bool {
  /// `yes`, `true`, `on`, or `no`, `false`, `off`, in upper or lower case.
  static let boolean = ValueType.single(expected: "yes or no", text: { $0 ? "yes" : "no" }) { text in
    switch text.lowercased() {
    case "yes", "true", "on": true
    case "no", "false", "off": false
    default: nil
    }
  }
}

extension ValueType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of some words.
  static func word(_: Value.Type = Value.self) -> ValueType {
    let words = Value.allCases.map(\.rawValue)
    return .single(expected: "one of \(words.joined(separator: ", "))", text: { $0.rawValue }) { text in
      Value(rawValue: text)
    }
  }
}

extension ValueType where Value == String {
  /// Any text but an empty one.
  static func text(_ expected: String) -> ValueType {
    .single(expected: expected, text: { $0 }) { $0.isEmpty ? nil : $0 }
  }

  /// A file or directory; a relative one counts from the directory of the configuration file.
  static func path(_ expected: String) -> ValueType {
    ValueType(expected: expected, text: { $0 }) { setting, report in
      guard let found = setting.single(report) else { return nil }
      guard !found.text.isEmpty else {
        report.problem(at: found.position, "'\(setting.key)' is empty; expected \(expected)")
        return nil
      }
      return FilePath.absolute(found.text, in: setting.directory)
    }
  }
}

/// Where a value was written, with the value.
struct Located<Value: Sendable>: Sendable {
  var value: Value
  var position: SourcePosition
}

extension ValueType {
  /// The same type, keeping the place of the value.
  var located: ValueType<Located<Value>> {
    ValueType<Located<Value>>(expected: expected, unit: unit, isSingle: isSingle, text: { text($0.value) }) {
      setting, report in
      read(setting, report).map { Located(value: $0, position: setting.valuePosition) }
    }
  }
}
