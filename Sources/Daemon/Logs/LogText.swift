// SPDX-License-Identifier: Apache-2.0

/// Makes event data and script output harmless to those who read a log.
///
/// Nothing in a line may begin another line, move a terminal's cursor, or turn the direction in which text is shown:
/// C0 and C1 control characters, line and paragraph separators, and the bidirectional controls are escaped (Unicode
/// Standard Annex #9, "Trojan Source", CVE-2021-42574).
enum LogText {
  static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7f...0x9f: true
    // Arabic letter mark, left-to-right and right-to-left mark.
    case 0x61c, 0x200e, 0x200f: true
    // Line and paragraph separator, embeddings and overrides, isolates.
    case 0x2028...0x202e, 0x2066...0x2069: true
    // Zero-width no-break space, interlinear annotations, tags: not seen.
    case 0xfeff, 0xfff9...0xfffb, 0xe0000...0xe007f: true
    default: false
    }
  }

  /// Whether it is visible ASCII and blanks, without quotes and backslashes: nothing in it is escaped anywhere.
  private static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }
  }

  /// Appends a text to a line, with everything harmful escaped as Swift writes it; within quotes these too.
  static func append(_ text: String, quoted: Bool = false, to line: inout [UInt8]) {
    guard !isPlain(text) else {
      line += text.utf8
      return
    }
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": line += "\\n".utf8
      case "\r": line += "\\r".utf8
      case "\t": line += "\\t".utf8
      case "\"" where quoted: line += "\\\"".utf8
      case "\\" where quoted: line += "\\\\".utf8
      case _ where isHarmful(scalar): line += "\\u{\(String(scalar.value, radix: 16))}".utf8
      default: line += scalar.utf8
      }
    }
  }

  /// Appends a value as ` key=value` needs it: as it is where it is one plain word, else in quotes.
  static func appendValue(_ value: String, to line: inout [UInt8]) {
    guard value.isEmpty || !isPlain(value) || value.utf8.contains(0x20) else {
      line += value.utf8
      return
    }
    line.append(UInt8(ascii: "\""))
    append(value, quoted: true, to: &line)
    line.append(UInt8(ascii: "\""))
  }

  /// Appends a JSON string in quotes; what is harmful is written `\uXXXX`, which stands for the same text.
  static func appendJSON(_ text: String, to line: inout [UInt8]) {
    line.append(UInt8(ascii: "\""))
    defer { line.append(UInt8(ascii: "\"")) }
    guard !isPlain(text) else {
      line += text.utf8
      return
    }
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": line += "\\\"".utf8
      case "\\": line += "\\\\".utf8
      case "\n": line += "\\n".utf8
      case "\r": line += "\\r".utf8
      case "\t": line += "\\t".utf8
      case _ where isHarmful(scalar):
        for unit in scalar.utf16 { appendEscape(unit, to: &line) }
      default: line += scalar.utf8
      }
    }
  }

  /// Appends a field of the system journal: line breaks and tabs stay, because its form keeps them apart.
  static func appendField(_ text: String, to bytes: inout [UInt8]) {
    guard !isPlain(text) else {
      bytes += text.utf8
      return
    }
    for scalar in text.unicodeScalars {
      switch scalar {
      case _ where scalar != "\n" && scalar != "\t" && isHarmful(scalar):
        bytes += "\\u{\(String(scalar.value, radix: 16))}".utf8
      default: bytes += scalar.utf8
      }
    }
  }

  /// Bytes of one value: more than a line of output has, and little enough that nobody's lines push out all others.
  static let valueLimit = 20_000

  /// A value's beginning where it is too long, with its size.
  static func shortened(_ value: String) -> String {
    guard value.utf8.count > valueLimit else { return value }
    // By scalars: what is seen as one character may be of any size.
    return "\(String(value.unicodeScalars.prefix(valueLimit / 4))) … (\(value.utf8.count) bytes)"
  }

  private static func appendEscape(_ unit: UInt16, to line: inout [UInt8]) {
    let digits = String(unit, radix: 16)
    line += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
  }
}
