// SPDX-License-Identifier: Apache-2.0

extension FieldPath {
  /// Splits keys at dots and brackets.
  ///
  /// - Parameters:
  ///   - keys: The path without its `@name.`.
  ///   - offset: Where `keys` begins in the text as written, for errors.
  /// - Returns: One segment at least.
  /// - Throws: `FieldPathError` for empty names, wrong brackets and NUL bytes.
  static func segments(of keys: [UInt8], offset: Int) throws(FieldPathError) -> [Segment] {
    guard !keys.isEmpty else { throw FieldPathError(reason: "the path is empty", offset: offset) }
    var segments: [Segment] = []
    var start = 0
    var place = 0
    // Behind a bracket only a dot, another bracket or the end may follow.
    var isBehindBracket = false
    func fail(_ reason: String, _ place: Int) -> FieldPathError {
      FieldPathError(reason: reason, offset: offset + place)
    }

    while place <= keys.count {
      let byte = place < keys.count ? keys[place] : UInt8(ascii: ".")
      switch byte {
      case UInt8(ascii: "."), UInt8(ascii: "["):
        if start < place {
          segments.append(Segment(start: start, end: place, index: index(keys[start..<place])))
        } else if byte == UInt8(ascii: ".") && !isBehindBracket {
          throw fail("a name is missing \(place == keys.count ? "behind" : "before") the dot", place)
        } else if byte == UInt8(ascii: "[") && !isBehindBracket && place > 0 {
          throw fail("a name is missing before the bracket", place)
        }
        isBehindBracket = false
        start = place + 1
        guard byte == UInt8(ascii: "[") else { break }
        guard let close = keys[place...].firstIndex(of: UInt8(ascii: "]")) else {
          throw fail("`[` is not closed", place)
        }
        guard let index = index(keys[place + 1..<close]) else {
          throw fail("between brackets stands a list index such as 0 or 12", place + 1)
        }
        segments.append(Segment(start: place, end: close + 1, index: index, isBracketed: true))
        (isBehindBracket, start, place) = (true, close + 1, close)
      case UInt8(ascii: "]"): throw fail("`]` has no `[` before it", place)
      case 0: throw fail("a name cannot hold a NUL byte", place)
      default:
        if isBehindBracket { throw fail("behind `]` a dot or `[` is expected", place) }
      }
      place += 1
    }
    return segments
  }

  /// A list index as people write it: decimal, no sign, no leading zero.
  private static func index(_ digits: ArraySlice<UInt8>) -> Int? {
    guard let first = digits.first, digits.count <= 10, first != UInt8(ascii: "0") || digits.count == 1 else {
      return nil
    }
    var index = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      index = index * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return index
  }
}
