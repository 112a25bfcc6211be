// SPDX-License-Identifier: Apache-2.0

import ProgramFixture

/// INI documents made of pieces that readers of INI disagree about.
struct GeneratedINI {
  private var generator: SeededGenerator

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
  }

  mutating func document() -> String {
    // One in three with keys from a small set, where they repeat; the others are mostly well formed.
    let isTame = Int.random(in: 0..<3, using: &generator) > 0
    let end = pick(["\n", "\n", "\n", "\r\n", "\r"])
    var text = Int.random(in: 0..<8, using: &generator) == 0 ? "" : pick(["[DEFAULT]", "[a]", "  [a]", "# x"]) + end
    if isTame, Bool.random(using: &generator) { text = (["[DEFAULT]"] + named()).joined(separator: end) + end }
    for number in 0..<Int.random(in: 0..<14, using: &generator) {
      text += line(number, isTame: isTame) + end
    }
    if Int.random(in: 0..<6, using: &generator) == 0 { mutate(&text) }
    return text
  }

  private mutating func line(_ number: Int, isTame: Bool) -> String {
    let indent = pick(["", "", "", "", " ", "  ", "\t", "    ", "\u{A0}", "\u{3000}", "\u{0B}", "\u{1D}"])
    switch Int.random(in: 0..<14, using: &generator) {
    case 0: return indent + pick(["", "  ", "\t", "\u{0C}", "\u{85}"])
    case 1: return indent + pick(["# note", "; note", "#", ";[x]", "#k = v", " # x"])
    case 2, 3:
      let name = isTame ? "s\(number)" : pick(["a", "b", "A", "DEFAULT", "default", "é", "e\u{301}"])
      let plain = "[\(name)]"
      let odd = pick([
        plain + " tail", plain + "; c]", "[\(name)]]", "[ \(name) ]", "[]", "[", "[]]", "[\(name)", "[[\(name)]",
        "[a=b]",
        "[]=x", "[DEFAULT]", "[\(name)] # note",
      ])
      return (isTame ? "" : indent) + (Int.random(in: 0..<4, using: &generator) == 0 ? odd : plain)
    case 4, 5: return pick([" ", "\t", "   ", "\u{A0}"]) + value()
    case 6 where !isTame:
      return indent + pick(["word", "= v", ": v", "two words", "==", "%(x)s", "\u{FEFF}k = v", "\u{200B}"])
    default:
      let key = isTame ? pick(["K\(number)", "key\(number) x", "x\(number)", "n"]) : pick(Self.names)
      return indent + key + pick(["=", " = ", ":", " : ", "\t=\t", "=\u{A0}", " =", "  :=  "]) + value()
    }
  }

  /// Keys that refer to each other, up to one deeper than configparser follows.
  private mutating func named() -> [String] {
    let depth = Int.random(in: 1...12, using: &generator)
    let chain = (1..<depth).map { "x\($0 - 1) = %(x\($0))s" } + ["x\(depth - 1) = 100%%"]
    return chain + ["X = " + pick(["one", "%%", "", "two\u{2028}", "%(k)s"]), "k = %(N)s", "N : 1"]
  }

  private static let names = [
    "k", "K", "x", "y", "name", "Name", "a b", "ÀÉ", "àé", "e\u{301}", "é", "İ", "ǅ", "%(x)s", "[k", "k]", "\"k\"",
    "\u{2028}",
  ]

  private mutating func value() -> String {
    var value = ""
    if Int.random(in: 0..<4, using: &generator) == 0 {
      return pick([
        "%(x)s", "%(n)s/%(K)s", "a%%b", "%(x0)s", "%(x1)s", "100%% # %(k)s", " %(X0)s%(x0)s ", "%%(x)s", "%%%(x)s",
      ])
    }
    for _ in 0..<Int.random(in: 0..<5, using: &generator) {
      value += pick([
        "v", "a, b", " ", "  ", "# c", " # c", ";c", " ;c", "=", ":", "[x]", "{\"a\": \"b\"}", "\"q", "'", "\\",
        "\u{A0}",
        "\u{2028}", "\u{85}", "\u{1C}", "\u{0B}", "\t", "é", "😀", "%", "%%", "%(x)s", "%(k)s", "%(Name)s", "%(name)s",
        "%(nope)s",
        "%(", "%()s", "%(x)", "%(x)d", "%((x)s", "%(n)s", "%(K2)s", "%(x3)s",
      ])
    }
    return value
  }

  private mutating func mutate(_ text: inout String) {
    var scalars = Array(text.unicodeScalars)
    let place = Int.random(in: 0...scalars.count, using: &generator)
    let what: [Unicode.Scalar] = [
      "\n", "\r", " ", "\t", "=", ":", "[", "]", "#", ";", "%", "\u{A0}", "\u{1F}", "\u{2029}",
    ]
    scalars.insert(what[Int.random(in: 0..<what.count, using: &generator)], at: place)
    text = String(String.UnicodeScalarView(scalars))
  }

  private mutating func pick(_ choices: [String]) -> String {
    choices[Int.random(in: 0..<choices.count, using: &generator)]
  }
}
