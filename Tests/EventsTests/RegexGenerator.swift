// SPDX-License-Identifier: Apache-2.0

import ProgramFixture

/// Makes expressions of Python's dialect, and texts that have a chance to match them.
struct RegexGenerator {
  var random: SeededGenerator
  private var groups = 0

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
  }

  private static let characters = [
    "a", "b", "c", "A", "i", "I", "k", "s", "1", "9", "_", "-", " ", "\n", "é", "ß", "İ", "ı", "\u{212A}", "ſ",
    "\u{1C}", "\u{180E}", "\u{A0}", "一", "٣", "\u{301}", "²", "ǅ", "Σ", "ς", "😀", "\u{1FD3}", "\u{390}", "]", "{", "}",
    ",", "(", ")", ".", "^", "$", "\\", "\0",
  ]

  mutating func subject() -> String {
    // Mostly the few letters that the expressions are made of.
    (0..<Int.random(in: 0...7, using: &random)).map { _ in
      random.chance(60) ? random.pick(["a", "b", "c", "A", "1"]) : random.pick(Self.characters)
    }.joined()
  }

  /// An expression; now and then damaged, so that the refusals are compared, too.
  mutating func pattern() -> String {
    groups = 0
    var pattern = random.chance(15) ? random.pick(["(?i)", "(?s)", "(?m)", "(?x)", "(?im)", "(?u)", "(?i)(?s)"]) : ""
    pattern += alternation(3)
    if random.chance(15) {
      var scalars = Array(pattern.unicodeScalars)
      let place = Int.random(in: 0...scalars.count, using: &random)
      if random.chance(50), place < scalars.count {
        scalars.remove(at: place)
      } else {
        scalars.insert(random.pick(Array("()[]{}?*+\\^$|<>=!:-#PiQ,3".unicodeScalars)), at: place)
      }
      pattern = String(String.UnicodeScalarView(scalars))
    }
    return pattern
  }

  private mutating func alternation(_ depth: Int) -> String {
    (0..<(random.chance(25) ? 2 : 1)).map { _ in sequence(depth) }.joined(separator: "|")
  }

  private mutating func sequence(_ depth: Int) -> String {
    (0..<Int.random(in: 0...4, using: &random)).map { _ in
      atom(depth) + (random.chance(35) ? quantifier() : "")
    }.joined()
  }

  private mutating func quantifier() -> String {
    random.pick(["*", "+", "?", "{2}", "{1,2}", "{,2}", "{1,}", "{,}", "{0}"])
      + random.pick(["", "", "", "?", "+"])
  }

  private mutating func atom(_ depth: Int) -> String {
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<8: return literal()
    case 8: return random.pick([".", ".", "^", "$", "\\A", "\\Z", "\\b", "\\B"])
    case 9, 10: return random.pick(["\\d", "\\D", "\\w", "\\W", "\\s", "\\S"])
    case 11, 12: return set()
    case 13:
      return random.pick(["\\x41", "\\u0061", "\\U0001F600", "\\n", "\\t", "\\0", "\\101", "\\07", "{", "}", "]"])
    case 14 where groups > 0: return "\\\(Int.random(in: 1...groups, using: &random))"
    case 15 where groups > 0: return "(?(\(Int.random(in: 1...groups, using: &random)))\(sequence(0))|\(sequence(0)))"
    default: return depth > 0 ? group(depth - 1) : literal()
    }
  }

  private mutating func group(_ depth: Int) -> String {
    let opening = random.pick([
      "(", "(", "(", "(?:", "(?:", "(?:", "(?>", "(?=", "(?!", "(?<=", "(?<!", "(?P<n>", "(?i:", "(?s:", "(?m:",
      "(?-i:", "(?x:", "(?#",
    ])
    if opening == "(" || opening == "(?P<n>" { groups += 1 }
    if opening == "(?#" { return random.pick(["(?# note)", "(?#\\) note)"]) }
    return opening + alternation(depth) + ")"
  }

  private mutating func literal() -> String {
    let character = random.chance(70) ? random.pick(["a", "b", "c", "1"]) : random.pick(Self.characters)
    return "\\^$.|?*+()[]{}".contains(character) ? "\\" + character : character
  }

  private mutating func set() -> String {
    var set = "[" + (random.chance(30) ? "^" : "")
    for _ in 0...Int.random(in: 0...2, using: &random) {
      switch Int.random(in: 0..<8, using: &random) {
      case 0:
        set += random.pick(["a-c", "A-Z", "0-9", "h-j", "\\x00-\\x7f", "à-ÿ", "I-K", "\u{370}-\u{3ff}", "\\t-\\r"])
      case 1: set += random.pick(["\\w", "\\W", "\\d", "\\D", "\\s", "\\S"])
      case 2: set += random.pick(["\\]", "\\-", "\\b", "\\n", "\\\\", "\\07", "^", "."])
      default: set += literalInSet()
      }
    }
    return set + "]"
  }

  private mutating func literalInSet() -> String {
    let character = random.pick(Self.characters)
    return "\\]^-[".contains(character) ? "\\" + character : character
  }
}
