// SPDX-License-Identifier: Apache-2.0

extension ConfigValue {
  /// The value as compact JSON, keys in the order of the file, numbers by their own text.
  ///
  /// Each name, value and bracket knows where it stands in the file, so that `position(atUTF8:)` answers for the offsets
  /// of a JSON parser; inside a text, where the text begins.
  package var json: ConfigText {
    var builder = TextBuilder(at: position)
    write(to: &builder)
    return builder.text
  }

  private func write(to json: inout TextBuilder) {
    switch self {
    case .raw(let text):
      json.append(text.text.quotedAsJSON, standingFor: text.position)
    case .scalar(let text, let type):
      let written =
        switch type {
        case .null: "null"
        case .text: text.text.quotedAsJSON
        case .boolean, .number: text.text
        }
      json.append(written, standingFor: text.position)
    case .list(let items, let position):
      json.append("[", standingFor: position)
      for (index, item) in items.enumerated() {
        if index > 0 { json.append(",", standingFor: item.position) }
        item.write(to: &json)
      }
      json.append("]", standingFor: position)
    case .map(let entries, let position):
      json.append("{", standingFor: position)
      for (index, entry) in entries.enumerated() {
        if index > 0 { json.append(",", standingFor: entry.position) }
        json.append(entry.key.quotedAsJSON + ":", standingFor: entry.position)
        entry.value.write(to: &json)
      }
      json.append("}", standingFor: position)
    }
  }
}

extension String {
  /// The text as a JSON string (RFC 8259, section 7).
  fileprivate var quotedAsJSON: String {
    guard utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) else {
      return "\"\(self)\""
    }
    var quoted = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
