// SPDX-License-Identifier: Apache-2.0

import CSimdJSON

/// Why a text is not JSON.
package struct JSONError: Error, Equatable, CustomStringConvertible {
  /// What is wrong, as a clause that names what was found.
  package var reason: String
  /// The offset of the offending byte, where it is known.
  package var offset: Int?

  package init(reason: String, offset: Int? = nil) {
    self.reason = reason
    self.offset = offset
  }

  /// The reason with its place.
  package var description: String {
    guard let offset else { return reason }
    return "\(reason) at byte \(offset)"
  }
}

extension JSONError {
  init(_ error: json_tape_error, _ offset: Int?, in bytes: UnsafeRawBufferPointer) {
    func expected(_ what: String) -> String {
      guard let offset else { return "expected \(what)" }
      return "expected \(what), found \(Self.name(bytes, offset))"
    }
    let reason =
      switch error {
      case JSON_TAPE_EMPTY: "it is empty"
      case JSON_TAPE_TOO_LONG: "it is longer than 1 GiB"
      case JSON_TAPE_NO_MEMORY: "there is no memory to parse it"
      case JSON_TAPE_TOO_DEEP: "it is nested more than \(JSON_TAPE_DEPTH) deep"
      case JSON_TAPE_TOO_MANY_VALUES: "it holds more than \(JSON_TAPE_NODES) values"
      case JSON_TAPE_BAD_UTF8: "it is not valid UTF-8"
      case JSON_TAPE_CONTROL_CHARACTER: "a string holds an unescaped control character"
      case JSON_TAPE_UNCLOSED_STRING: "a string does not end"
      case JSON_TAPE_BAD_ESCAPE: "a string holds an invalid escape or half of a surrogate pair"
      case JSON_TAPE_BAD_NUMBER: "a number is malformed"
      case JSON_TAPE_BAD_LITERAL: "a word is none of true, false and null"
      case JSON_TAPE_EXPECTED_VALUE: expected("a value")
      case JSON_TAPE_EXPECTED_KEY: expected("a key in quotes")
      case JSON_TAPE_EXPECTED_COLON: expected("`:` after a key")
      case JSON_TAPE_EXPECTED_COMMA_OR_BRACKET: expected("`,` or `]`")
      case JSON_TAPE_EXPECTED_COMMA_OR_BRACE: expected("`,` or `}`")
      case JSON_TAPE_EXPECTED_END: expected("the end")
      default: "it cannot be parsed"
      }
    self.init(reason: reason, offset: offset)
  }

  /// One byte of the text in a form that can be read in a log.
  private static func name(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> String {
    guard offset >= 0, offset < bytes.count else { return "the end" }
    let byte = bytes[offset]
    return (0x20..<0x7F).contains(byte)
      ? "`\(Character(Unicode.Scalar(byte)))`" : "byte 0x" + String(byte, radix: 16, uppercase: true)
  }
}
