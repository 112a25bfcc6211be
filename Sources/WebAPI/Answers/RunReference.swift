// SPDX-License-Identifier: Apache-2.0

/// How a person names a run: by its number, or by its id or the beginning of it.
package enum RunReference: Sendable, Equatable {
  case number(Int64)
  /// 4 to 32 hexadecimal digits, in lower case.
  case id(String)

  /// Up to 19 decimal digits are a number, anything else that is hexadecimal the beginning of an id; nil otherwise.
  package init?(_ text: String) {
    let isDecimal = !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    if isDecimal, text.utf8.count <= 19 {
      guard let number = Int64(text) else { return nil }
      self = .number(number)
      return
    }
    let id = text.lowercased()
    let isHexadecimal = id.utf8.allSatisfy { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
    guard isHexadecimal, Self.lengths.contains(id.utf8.count) else { return nil }
    self = .id(id)
  }

  /// How many digits of an id may be given.
  static let lengths = 4...32

  static let expectation = "a run's number, or its id or the first 4 or more of its 32 hexadecimal digits"
}
