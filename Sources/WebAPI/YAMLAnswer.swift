// SPDX-License-Identifier: Apache-2.0

import Events

extension Reply {
  /// The answer as one that accepts some media types wants it: YAML where that is preferred to JSON, else as it is.
  func accepted(by header: String?) -> Reply {
    guard contentType == "application/json", let header, MediaTypes(header).preferYAML else { return self }
    let document = JSONDocument()
    // It is our own JSON; what could not be read would stay JSON.
    guard (try? document.parse(body)) != nil else { return self }
    var reply = self
    reply.body = YAMLAnswer.encode(document.root)
    reply.contentType = "application/yaml"
    return reply
  }
}

/// The media types of an Accept header (RFC 9110, section 12.5.1).
struct MediaTypes {
  /// By type, how much it is wanted: 0 to 1.
  private var weights: [String: Double] = [:]

  init(_ header: String) {
    for part in header.split(separator: ",").prefix(50) {
      let pieces = part.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
      guard let type = pieces.first else { continue }
      let weight = pieces.first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
      weights[type] = Swift.max(weights[type] ?? 0, weight)
    }
  }

  /// Whether YAML is named, and JSON is not wanted as much.
  var preferYAML: Bool {
    let yaml = ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"].compactMap { weights[$0] }.max()
    guard let yaml, yaml > 0 else { return false }
    return yaml > weights["application/json"] ?? 0
  }
}

/// Writes JSON as YAML 1.2 in blocks.
///
/// Every string stands in quotation marks, written as in JSON: no text can be taken for a number, a date or a boolean.
enum YAMLAnswer {
  static func encode(_ value: JSONValue) -> [UInt8] {
    var output: [UInt8] = []
    append(value, indent: 0, to: &output)
    return output
  }

  /// Ends with a line end.
  private static func append(_ value: JSONValue, indent: Int, to output: inout [UInt8]) {
    guard value.kind == .object || value.kind == .array, value.count > 0 else {
      appendScalar(value, to: &output)
      output.append(UInt8(ascii: "\n"))
      return
    }
    var isFirst = true
    func begin() {
      // The first line goes on behind the dash that it belongs to.
      if !isFirst { output += [UInt8](repeating: UInt8(ascii: " "), count: indent) }
      isFirst = false
    }
    if value.kind == .array {
      value.forEachElement { element in
        begin()
        output += "- ".utf8
        append(element, indent: indent + 2, to: &output)
        return true
      }
      return
    }
    value.forEachMember { key, member in
      begin()
      // A longer one has to be announced (YAML 1.2, section 7.4.2).
      let isLong = key.count > 500
      if isLong { output += "? ".utf8 }
      append(text: key, to: &output)
      if isLong {
        output.append(UInt8(ascii: "\n"))
        output += [UInt8](repeating: UInt8(ascii: " "), count: indent)
      }
      output.append(UInt8(ascii: ":"))
      if (member.kind == .object || member.kind == .array) && member.count > 0 {
        output.append(UInt8(ascii: "\n"))
        output += [UInt8](repeating: UInt8(ascii: " "), count: indent + 2)
        append(member, indent: indent + 2, to: &output)
      } else {
        output.append(UInt8(ascii: " "))
        append(member, indent: indent + 2, to: &output)
      }
      return true
    }
  }

  private static func appendScalar(_ value: JSONValue, to output: inout [UInt8]) {
    switch value.kind {
    case .string: value.withText { append(text: $0, to: &output) }
    case .object: output += "{}".utf8
    case .array: output += "[]".utf8
    case .null, .true, .false, .number: value.withText { output.append(contentsOf: $0) }
    }
  }

  /// In quotation marks, with JSON's escapes, and escapes for what YAML allows in no text.
  private static func append(text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      switch scalar {
      case "\"", "\\":
        output.append(UInt8(ascii: "\\"))
        output.append(UInt8(ascii: scalar))
      case "\u{0}"..<" ", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}":
        let digits = String(scalar.value, radix: 16)
        output += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
      default: output.append(contentsOf: String(scalar).utf8)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}
