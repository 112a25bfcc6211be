// SPDX-License-Identifier: Apache-2.0

extension RegexTranslator {
  struct Quantifier {
    var least: Int
    /// Nil for no bound.
    var most: Int?
  }

  /// Reads a quantifier, without its `?` or `+`; nil where none begins here.
  ///
  /// A `{` that begins no quantifier is a character, in Python as in PCRE2; `{,3}` and `{,}` are quantifiers only in
  /// Python.
  mutating func quantifier() throws(RegexError) -> Quantifier? {
    if take("*") { return Quantifier(least: 0, most: nil) }
    if take("+") { return Quantifier(least: 1, most: nil) }
    if take("?") { return Quantifier(least: 0, most: 1) }
    let start = position
    guard next == "{", peek(1) != "}" else { return nil }
    position += 1
    let least = number()
    var most = least
    if take(",") { most = number() }
    guard take("}") else {
      position = start
      return nil
    }
    for count in [least, most] {
      if case .tooLarge = count { throw error("more than 65535 repeats", at: start) }
    }
    if let least = least.value, let most = most.value, least > most {
      throw error("the least number of repeats, \(least), is more than the most, \(most)", at: start)
    }
    if let least = least.value, least > 1000 {
      throw error("at least \(least) repeats: more than 1000 cannot be bounded in time", at: start)
    }
    return Quantifier(least: least.value ?? 0, most: most.value)
  }

  private enum Count {
    case none, tooLarge
    case exactly(Int)

    var value: Int? { if case .exactly(let value) = self { value } else { nil } }
  }

  private mutating func number() -> Count {
    var count = Count.none
    while let digit = next, digit.isASCIIDigit {
      position += 1
      let sum = (count.value ?? 0) * 10 + Int(digit.value - 48)
      // 65535 is the most that PCRE2 takes.
      if case .tooLarge = count { continue }
      count = sum > 65535 ? .tooLarge : .exactly(sum)
    }
    return count
  }

  /// Writes a quantifier behind the item that it repeats.
  mutating func repeated(_ item: Atom?, _ quantifier: Quantifier, at start: Int) throws(RegexError) -> Atom {
    literal = nil
    switch item?.kind {
    case nil, .position:
      throw error("there is nothing to repeat here: write \\ before the character if it stands for itself", at: start)
    case .repeated:
      throw error("a second repeat behind the first: put the first into (?:…)", at: start)
    case .lookaround:
      throw error("a repeated look-around: Python and PCRE2 do not agree on it; leave out the repeat", at: start)
    case .character, .group:
      break
    }
    if lookbehinds > 0, quantifier.least != quantifier.most {
      throw error("a repeat without a fixed number within a look-behind", at: start)
    }
    guard let item else { return Atom(kind: .repeated, width: .zero, firstGroup: groups.count) }
    output += "{\(quantifier.least),\(quantifier.most.map(String.init) ?? "")}"
    if take("?") {
      output += "?"
    } else if take("+") {
      if item.kind == .group {
        throw error(
          "a repeat of a group that gives nothing back: Python and PCRE2 do not agree on it; write (?>(?:…)*)",
          at: start)
      }
      output += "+"
    }
    // Tells how far it ran over the text; see `RegexMemory`.
    if item.kind == .character, quantifier.least != quantifier.most { output += "(?C1)" }
    for group in item.firstGroup..<groups.count { groups[group].isUnsteady = true }
    let width = item.width.times((quantifier.least, quantifier.most))
    return Atom(kind: .repeated, width: width, firstGroup: item.firstGroup)
  }
}
