// SPDX-License-Identifier: Apache-2.0

import Events

/// JSON that is about to be written.
enum JSONTree {
  case null
  case boolean(Bool)
  case integer(Int64)
  case text(String)
  case list([JSONTree])
  /// Members in the order in which they are written.
  case object([(key: String, value: JSONTree)])
  /// JSON text that was checked by whoever made it.
  case written([UInt8])

  /// Bytes that people mostly read: a string where they are UTF-8, else `{"base64": "…"}`, so that none is lost.
  static func bytes(_ bytes: [UInt8]) -> JSONTree {
    if let text = String(validating: bytes, as: UTF8.self) { return .text(text) }
    return .object([("base64", .text(Base64.encode(bytes)))])
  }

  /// An instant, nanoseconds since 1970, as ISO 8601 in UTC with microseconds.
  static func instant(_ nanoseconds: Int64) -> JSONTree { .text(Event.instant(nanoseconds)) }

  /// Nanoseconds as a decimal number of seconds.
  static func seconds(_ nanoseconds: Int64) -> JSONTree {
    let (whole, rest) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
    var digits = String(rest)
    digits = String(repeating: "0", count: 9 - digits.count) + digits
    while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
    return .written(Array("\(nanoseconds < 0 ? "-" : "")\(whole).\(digits)".utf8))
  }

  /// A number by the fewest digits that mean it; null where it is none, or infinite.
  static func number(_ number: Double) -> JSONTree {
    guard number.isFinite else { return .null }
    if let whole = Int64(exactly: number), whole.magnitude < 1 << 53 { return .integer(whole) }
    return .written(Array("\(number)".utf8))
  }

  /// A value, or null where there is none.
  static func optional<Value>(_ value: Value?, _ make: (Value) -> JSONTree) -> JSONTree {
    value.map(make) ?? .null
  }

  static func optional(_ text: String?) -> JSONTree { optional(text, JSONTree.text) }

  /// The JSON text, compact.
  var encoded: [UInt8] {
    var output: [UInt8] = []
    append(to: &output)
    return output
  }

  private func append(to output: inout [UInt8]) {
    switch self {
    case .null: output += "null".utf8
    case .boolean(let isTrue): output += (isTrue ? "true" : "false").utf8
    case .integer(let number): output += String(number).utf8
    case .text(let text): output.appendJSON(text: text.utf8)
    case .written(let bytes): output += bytes
    case .list(let elements):
      output.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        element.append(to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let members):
      output.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        output.appendJSON(text: member.key.utf8)
        output.append(UInt8(ascii: ":"))
        member.value.append(to: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }
}

extension JSONTree {
  /// JSON text that was stored: as it stands where it is JSON, else as a string, so that an answer always is JSON.
  ///
  /// It is checked in the memory of the document; a list of many uses one.
  static func stored(_ text: some Collection<UInt8>, _ document: JSONDocument) -> JSONTree {
    let bytes = Array(text)
    do {
      try document.parse(bytes)
      return .written(bytes)
    } catch {
      return .bytes(bytes)
    }
  }
}
