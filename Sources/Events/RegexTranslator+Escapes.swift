// SPDX-License-Identifier: Apache-2.0

extension RegexTranslator {
  /// Reads what follows a backslash outside sets.
  mutating func escape(at start: Int) throws(RegexError) -> Atom {
    guard let scalar = next else { throw error("a backslash at the end: write \\\\ for the character", at: start) }
    switch scalar {
    case "A": return anchor(.subjectStart, after: 1)
    case "Z": return anchor(.subjectEnd, after: 1)
    case "b": return boundary("(?:(?<=[\(word)])(?![\(word)])|(?<![\(word)])(?=[\(word)]))")
    // Python up to 3.13 finds no position at all in an empty text.
    case "B": return boundary("(?:(?<=[\(word)])(?=[\(word)])|(?<![\(word)])(?![\(word)])(?!\\A\\z))")
    case "d", "D", "s", "S", "w", "W":
      position += 1
      literal = nil
      let set = RegexSet(category: scalar)
      output += set.pattern(ignoreCase: flags.contains(.ignoreCase))
      return Atom(kind: .character, width: .one, firstGroup: groups.count)
    case "1"..."9": return try digits(at: start)
    default: return character(try escapedCharacter(at: start))
    }
  }

  private mutating func anchor(_ kind: Anchor, after count: Int) -> Atom {
    position += count
    return anchor(kind)
  }

  private mutating func boundary(_ pattern: String) -> Atom {
    position += 1
    literal = nil
    output += pattern
    return Atom(kind: .position, width: .zero, firstGroup: groups.count)
  }

  /// The inside of a set of word characters; not `\w`, whose meaning PCRE2 changed in 10.43.
  private var word: String { RegexSet.word }

  /// Reads `\12`: three octal digits are a character, else one or two digits are a group.
  private mutating func digits(at start: Int) throws(RegexError) -> Atom {
    let digits = (0..<3).map { peek($0).map { $0.isASCIIDigit ? Int($0.value) - 48 : -1 } ?? -1 }
    if digits.allSatisfy({ (0...7).contains($0) }) {
      position += 3
      let value = digits.reduce(0) { $0 * 8 + $1 }
      guard value <= 0o377 else { throw error("an octal escape beyond \\377", at: start) }
      return character(try scalar(UInt32(value), at: start))
    }
    let count = digits[1] >= 0 ? 2 : 1
    position += count
    return try reference(to: digits.prefix(count).reduce(0) { $0 * 10 + $1 }, at: start)
  }

  /// Reads an escape that stands for one character, in and outside sets.
  mutating func escapedCharacter(at start: Int) throws(RegexError) -> Unicode.Scalar {
    guard let letter = next else { throw error("a backslash at the end: write \\\\ for the character", at: start) }
    position += 1
    switch letter {
    case "a": return "\u{7}"
    case "f": return "\u{C}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "v": return "\u{B}"
    case "x": return try hexadecimal(2, at: start)
    case "u": return try hexadecimal(4, at: start)
    case "U": return try hexadecimal(8, at: start)
    case "0"..."7": return try octal(letter, at: start)
    default:
      guard !letter.isASCIILetter, !letter.isASCIIDigit else { throw error(Self.unknownEscape(letter), at: start) }
      return letter
    }
  }

  private mutating func hexadecimal(_ count: Int, at start: Int) throws(RegexError) -> Unicode.Scalar {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let scalar = next, scalar.isASCII, let digit = Character(scalar).hexDigitValue else {
        throw error("an escape of fewer than \(count) hexadecimal digits", at: start)
      }
      position += 1
      value = value << 4 | UInt32(digit)
    }
    return try scalar(value, at: start)
  }

  /// Reads up to two more octal digits.
  private mutating func octal(_ first: Unicode.Scalar, at start: Int) throws(RegexError) -> Unicode.Scalar {
    var value = first.value - 48
    for _ in 0..<2 {
      guard let digit = next, ("0"..."7").contains(digit) else { break }
      position += 1
      value = value << 3 | (digit.value - 48)
    }
    guard value <= 0o377 else { throw error("an octal escape beyond \\377", at: start) }
    return try scalar(value, at: start)
  }

  private func scalar(_ value: UInt32, at start: Int) throws(RegexError) -> Unicode.Scalar {
    guard let scalar = Unicode.Scalar(value) else {
      throw error("an escape that names no character of Unicode (surrogates never stand in a text)", at: start)
    }
    return scalar
  }

  /// What to say of an escape that Python does not know.
  private static func unknownEscape(_ letter: Unicode.Scalar) -> String {
    let cure: String
    switch letter {
    case "h": cure = "write [ \\t]"
    case "R": cure = "write (?:\\r\\n|\\n|\\r)"
    case "e": cure = "write \\x1b"
    case "z": cure = "write \\Z"
    case "Q", "E": cure = "write \\ before each special character"
    case "N": cure = "write the character or \\uXXXX"
    case "p", "P", "X": cure = "name the characters in a set [...]"
    case "g", "k": cure = "write \\1 or (?P=name)"
    case "G", "K": cure = "leave it out: the match begins at the start of the text"
    case "c", "o": cure = "write \\xHH"
    default: cure = "write \(letter) or \\\\\(letter), whichever is meant"
    }
    return "\\\(letter), which Python does not know here: \(cure)"
  }
}
