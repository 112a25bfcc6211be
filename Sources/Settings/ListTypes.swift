// SPDX-License-Identifier: Apache-2.0

import ConfigText

extension ValueType where Value == [ConfigList.Item] {
  /// A comma list, or a YAML list.
  static func items(_ expected: String) -> ValueType {
    list(expected, holdsPatterns: false, isSingle: false)
  }

  /// A comma list of event patterns, in which `#` is any number of words.
  static func patterns(_ expected: String) -> ValueType {
    list(expected, holdsPatterns: true, isSingle: false)
  }

  /// A list that mostly has one item, so that the environment may override it.
  static func fewItems(_ expected: String) -> ValueType {
    list(expected, holdsPatterns: false, isSingle: true)
  }

  private static func list(_ expected: String, holdsPatterns: Bool, isSingle: Bool) -> ValueType {
    ValueType(expected: expected, isSingle: isSingle, text: { _ in nil }) { setting, report in
      guard let items = setting.items(report, holdsPatterns: holdsPatterns) else { return nil }
      guard items.allSatisfy({ !$0.text.isEmpty || $0.quoting != .none }) else {
        report.problem(at: setting.valuePosition, "'\(setting.key)' has an empty item; expected \(expected)")
        return nil
      }
      return items
    }
  }
}

extension ValueType where Value == [Pair] {
  /// A comma list of `NAME=value`, or a YAML map.
  static func pairs(_ expected: String) -> ValueType {
    ValueType(expected: expected, isSingle: false, text: { _ in nil }) { $0.pairs($1) }
  }
}

extension ValueType where Value == ConfigText {
  /// One text with its places, for what is taken apart further.
  static func line(_ expected: String) -> ValueType {
    ValueType(expected: expected, text: { $0.text }) { setting, report in
      guard let found = setting.single(report) else { return nil }
      guard !found.isEmpty else {
        report.problem(at: found.position, "'\(setting.key)' is empty; expected \(expected)")
        return nil
      }
      return found
    }
  }

  /// A text that is taken to the end of the line, `#` and all, and never shown.
  static func secret(_ expected: String) -> ValueType {
    ValueType(expected: expected, text: { _ in nil }) { setting, report in
      guard let found = setting.whole(report) else { return nil }
      guard !found.isEmpty else {
        report.problem(at: found.position, "'\(setting.key)' is empty; expected \(expected)")
        return nil
      }
      return found
    }
  }
}
