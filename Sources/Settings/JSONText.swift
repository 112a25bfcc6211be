// SPDX-License-Identifier: Apache-2.0

import ConfigText

/// Writes YAML values as JSON.
enum JSONText {
  /// A string in its quotes, with what JSON asks for escaped.
  static func string(_ text: String) -> String {
    var json = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": json += "\\\""
      case "\\": json += "\\\\"
      case "\n": json += "\\n"
      case "\r": json += "\\r"
      case "\t": json += "\\t"
      default:
        if scalar.value < 32 {
          let digits = String(scalar.value, radix: 16)
          json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          json.unicodeScalars.append(scalar)
        }
      }
    }
    return json + "\""
  }

  /// A value with all that is in it; texts as strings, what YAML types as it stands.
  static func value(_ value: ConfigValue) -> String {
    switch value {
    case .raw(let text): string(text.text)
    case .scalar(let text, .text): string(text.text)
    case .scalar(_, .null): "null"
    case .scalar(let text, .boolean): text.text.lowercased()
    case .scalar(let text, .number): text.text
    case .list(let values, _): "[" + values.map(Self.value).joined(separator: ",") + "]"
    case .map(let entries, _):
      "{" + entries.map { string($0.key) + ":" + Self.value($0.value) }.joined(separator: ",") + "}"
    }
  }
}
