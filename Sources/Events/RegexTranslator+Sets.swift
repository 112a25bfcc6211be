// SPDX-License-Identifier: Apache-2.0

extension RegexTranslator {
  /// Reads a set behind its `[`.
  mutating func set(at start: Int) throws(RegexError) -> Atom {
    literal = nil
    if next == "[" { throw nested(at: start) }
    var set = RegexSet()
    set.isNegated = take("^")
    var isFirst = true
    while true {
      guard let scalar = next else { throw error("a [ without its ]: write \\[ for the character", at: start) }
      if scalar == "]", !isFirst { break }
      if scalar == "[", let second = peek(1), [":", ".", "="].contains(second) { throw nested(at: position) }
      if !isFirst, ["-", "&", "~", "|"].contains(scalar), peek(1) == scalar { throw doubled(scalar, at: position) }
      try member(of: &set, start)
      isFirst = false
    }
    position += 1
    output += set.pattern(ignoreCase: flags.contains(.ignoreCase))
    return Atom(kind: .character, width: .one, firstGroup: groups.count)
  }

  /// Reads a character, a category or a range.
  private mutating func member(of set: inout RegexSet, _ setStart: Int) throws(RegexError) {
    let start = position
    let low = try setItem(setStart)
    guard next == "-", peek(1) != "]" else {
      set.insert(low)
      return
    }
    position += 1
    if next == "-" { throw doubled("-", at: position - 1) }
    let high = try setItem(setStart)
    guard case .character(let low) = low, case .character(let high) = high, low <= high else {
      throw error("a range that does not go from one character to a later one: write \\- for the character", at: start)
    }
    set.insert(.range(low, high))
  }

  private mutating func setItem(_ setStart: Int) throws(RegexError) -> RegexSet.Item {
    let start = position
    guard let scalar = next else { throw error("a [ without its ]: write \\[ for the character", at: setStart) }
    position += 1
    guard scalar == "\\" else { return .character(scalar.value) }
    if let letter = next {
      if ["d", "D", "s", "S", "w", "W"].contains(letter) {
        position += 1
        return .category(letter)
      }
      if letter == "b" {
        position += 1
        return .character(8)
      }
    }
    return .character(try escapedCharacter(at: start).value)
  }

  private func nested(at position: Int) -> RegexError {
    error(
      "a [ at the start of a set, which may mean a set like [[:alpha:]]: name its characters, or write \\[",
      at: position)
  }

  private func doubled(_ scalar: Unicode.Scalar, at position: Int) -> RegexError {
    error("\(scalar)\(scalar) in a set, which Python keeps for later: write \\\(scalar)", at: position)
  }
}

/// A set of characters, as it is read and as it is written for PCRE2.
struct RegexSet {
  enum Item {
    case character(UInt32)
    case range(UInt32, UInt32)
    /// The letter of `\d`, `\D`, `\s`, `\S`, `\w`, `\W`.
    case category(Unicode.Scalar)
  }

  var isNegated = false
  private var items: [Item] = []
  /// `\W`, which no range and no property of PCRE2 says.
  private var hasNotWord = false

  init() {}

  init(category: Unicode.Scalar) {
    insert(.category(category))
  }

  mutating func insert(_ item: Item) {
    if case .category("W") = item { hasNotWord = true } else { items.append(item) }
  }

  /// Letters, numbers and `_`: Python's `isalnum` agrees with PCRE2's `Xan` on every character of Unicode 14.
  static let word = "\\p{Xan}_"
  /// `str.isspace`; PCRE2's `\s` has U+180E and lacks U+001C to U+001F.
  static let space =
    "\\x{9}-\\x{d}\\x{1c}-\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
  private static let notSpace =
    "\\x{0}-\\x{8}\\x{e}-\\x{1b}\\x{21}-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}"
    + "\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{10ffff}"

  static func hexadecimal(_ value: UInt32) -> String {
    "\\x{" + String(value, radix: 16) + "}"
  }

  /// Writes the set.
  func pattern(ignoreCase: Bool) -> String {
    let inside = items.map { Self.inside($0, ignoreCase) }.joined()
    switch (hasNotWord, isNegated, inside.isEmpty) {
    case (false, _, _): return (isNegated ? "[^" : "[") + inside + "]"
    case (true, false, true): return "[^\(Self.word)]"
    case (true, true, true): return "[\(Self.word)]"
    case (true, false, false): return "(?:[\(inside)]|[^\(Self.word)])"
    case (true, true, false): return "(?:(?![\(inside)])[\(Self.word)])"
    }
  }

  private static func inside(_ item: Item, _ ignoreCase: Bool) -> String {
    switch item {
    case .character(let value):
      return ((ignoreCase ? RegexCases.beyondPCRE2(value) : nil) ?? [value]).map(hexadecimal).joined()
    case .range(let low, let high):
      let others = ignoreCase ? RegexCases.beyondPCRE2(low...high) : []
      return hexadecimal(low) + "-" + hexadecimal(high) + others.map(hexadecimal).joined()
    case .category("d"): return "\\p{Nd}"
    case .category("D"): return "\\P{Nd}"
    case .category("s"): return space
    case .category("S"): return notSpace
    default: return word
    }
  }
}

/// The characters that Python's `(?i)` takes for cases of each other and PCRE2 does not.
///
/// Found by comparing the two for every cased character of Unicode 14; the test beside this repeats it.
enum RegexCases {
  private static let groups: [[UInt32]] = [
    [0x49, 0x69, 0x130, 0x131], [0x390, 0x1FD3], [0x3B0, 0x1FE3], [0xFB05, 0xFB06],
  ]

  /// All cases of a character, where PCRE2 does not know them all.
  static func beyondPCRE2(_ value: UInt32) -> [UInt32]? {
    groups.first { $0.contains(value) }
  }

  /// The cases that a range lacks.
  static func beyondPCRE2(_ range: ClosedRange<UInt32>) -> [UInt32] {
    groups.filter { $0.contains(where: range.contains) }.flatMap { $0 }
  }
}
