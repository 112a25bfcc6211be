// SPDX-License-Identifier: Apache-2.0

extension RegexTranslator {
  /// Reads what follows a `(`; nil for comments and flags of the whole expression.
  ///
  /// With `isStart`, nothing but comments and flags stands before.
  mutating func group(at start: Int, isStart: Bool) throws(RegexError) -> Atom? {
    guard take("?") else { return try capture(name: nil, at: start) }
    let kind = next
    guard let kind else { throw error("the expression ends within (?", at: start) }
    position += 1
    switch kind {
    case ":": return try enclosed("(?:", at: start)
    case ">": return try enclosed("(?>", at: start)
    case "#":
      guard try skipComment(upTo: ")") else { throw error("a comment (?#… without its )", at: start) }
      return nil
    case "=": return try lookaround("(?=", at: start)
    case "!": return try lookaround("(?!", at: start)
    case "<" where take("="): return try lookbehind("(?<=", at: start)
    case "<" where take("!"): return try lookbehind("(?<!", at: start)
    case "P" where take("<"):
      guard let name = take(upTo: ">") else { throw error("a group name (?P<… without its >", at: start) }
      return try capture(name: try checked(name, at: start), at: start)
    case "P" where take("="):
      guard let name = take(upTo: ")") else { throw error("a reference (?P=… without its )", at: start) }
      return try reference(to: try groupNumber(name, at: start), at: start)
    case "(": return try conditional(at: start)
    case "-", "a", "i", "L", "m", "s", "u", "x": return try flagged(kind, at: start, isStart: isStart)
    default: throw error(Self.unknownGroup(kind, next), at: start)
    }
  }

  /// Reads alternatives and the `)` behind them.
  private mutating func enclosed(
    _ opening: String, kind: Atom.Kind = .group, at start: Int
  ) throws(RegexError) -> Atom {
    literal = nil
    let firstGroup = groups.count
    output += opening
    let width = try alternation()
    try close(at: start)
    return Atom(kind: kind, width: width, firstGroup: firstGroup)
  }

  private mutating func close(at start: Int) throws(RegexError) {
    guard take(")") else { throw error("a ( without its ): write \\( for the character", at: start) }
    output += ")"
  }

  /// Reads a group that remembers; names become numbers, since PCRE2 limits their length and letters.
  private mutating func capture(name: String?, at start: Int) throws(RegexError) -> Atom {
    if let name, groups.contains(where: { $0.name == name }) {
      throw error("a second group with the name \(name)", at: start)
    }
    let number = groups.count
    groups.append(Group(name: name))
    var atom = try enclosed("(", at: start)
    atom.firstGroup = number
    groups[number].isOpen = false
    return atom
  }

  private mutating func lookaround(_ opening: String, at start: Int) throws(RegexError) -> Atom {
    var atom = try enclosed(opening, kind: .lookaround, at: start)
    for group in atom.firstGroup..<groups.count { groups[group].isUnsteady = true }
    atom.width = .zero
    return atom
  }

  private mutating func lookbehind(_ opening: String, at start: Int) throws(RegexError) -> Atom {
    lookbehinds += 1
    defer { lookbehinds -= 1 }
    var atom = try enclosed(opening, kind: .lookaround, at: start)
    if !atom.width.isFixed {
      throw error("a look-behind whose parts do not all have the same length, which Python wants", at: start)
    }
    for group in atom.firstGroup..<groups.count { groups[group].isUnsteady = true }
    atom.width = .zero
    return atom
  }

  /// Reads `(?(1)yes|no)` behind its second `(`.
  private mutating func conditional(at start: Int) throws(RegexError) -> Atom {
    literal = nil
    guard let name = take(upTo: ")") else { throw error("a condition (?(… without its )", at: start) }
    let isNumber = !name.isEmpty && name.unicodeScalars.allSatisfy(\.isASCIIDigit)
    let number = isNumber ? Int(name) ?? 0 : try groupNumber(name, at: start)
    try refer(to: number, at: start)
    let firstGroup = groups.count
    output += "(?(\(number))"
    var width = try sequence()
    if take("|") {
      output += "|"
      width = width.or(try sequence())
      if next == "|" { throw error("a condition with more than two branches", at: position) }
    } else {
      width = width.or(.zero)
    }
    try close(at: start)
    return Atom(kind: .group, width: width, firstGroup: firstGroup)
  }

  // MARK: References

  /// Writes a reference to what a group matched.
  mutating func reference(to number: Int, at start: Int) throws(RegexError) -> Atom {
    literal = nil
    try refer(to: number, at: start)
    if flags.contains(.ignoreCase) {
      throw error("a reference under (?i): Python and PCRE2 compare cases differently", at: start)
    }
    // The group can be long, so its work is told, too.
    output += "(?:\\g{\(number)}(?C1))"
    // Its length does not matter: within a look-behind, which alone asks, references are refused.
    return Atom(
      kind: .group, width: RegexWidth(least: 0, most: RegexWidth.unbounded), firstGroup: groups.count)
  }

  private mutating func refer(to number: Int, at start: Int) throws(RegexError) {
    guard number >= 1, number <= groups.count else { throw error("there is no group \(number) before this", at: start) }
    if groups[number - 1].isOpen { throw error("a reference to group \(number) inside that group", at: start) }
    if lookbehinds > 0 { throw error("a reference within a look-behind", at: start) }
    references.append((number, start))
  }

  private func groupNumber(_ name: String, at start: Int) throws(RegexError) -> Int {
    let name = try checked(name, at: start)
    guard let index = groups.firstIndex(where: { $0.name == name }) else {
      throw error("there is no group \(name) before this", at: start)
    }
    return index + 1
  }

  /// Checks that a text can name a group: a letter or `_`, then letters, digits, `_`.
  private func checked(_ name: String, at start: Int) throws(RegexError) -> String {
    guard let first = name.unicodeScalars.first, first == "_" || first.properties.isXIDStart,
      name.unicodeScalars.allSatisfy(\.properties.isXIDContinue)
    else { throw error("\"\(name)\" cannot name a group: use letters, digits and _", at: start) }
    return name
  }

  // MARK: Flags

  /// Reads `(?i)`, `(?i:…)`, `(?-i:…)`, `(?i-s:…)`, the first flag or `-` already taken.
  private mutating func flagged(
    _ first: Unicode.Scalar, at start: Int, isStart: Bool
  ) throws(RegexError) -> Atom? {
    var on: Flags = []
    var off: Flags = []
    var isOff = first == "-"
    var mustFollow = isOff
    if !isOff { on.formUnion(try flag(first, isOff: false, at: start)) }
    while let scalar = next, scalar != ")", scalar != ":" {
      position += 1
      if scalar == "-", !isOff {
        isOff = true
        mustFollow = true
        continue
      }
      let flag = try flag(scalar, isOff: isOff, at: start)
      mustFollow = false
      if isOff { off.formUnion(flag) } else { on.formUnion(flag) }
    }
    if mustFollow { throw error("no flag behind the - of (?-", at: start) }
    if !on.isDisjoint(with: off) { throw error("a flag that is turned on and off at once", at: start) }
    if take(")") {
      if isOff { throw error("flags are turned off for a part only: write (?-i:…)", at: start) }
      guard isStart else {
        throw error("flags for the whole expression stand at its beginning; for a part write (?i:…)", at: start)
      }
      flags.formUnion(on)
      if on.contains(.ignoreCase) { literal = nil }
      return nil
    }
    guard take(":") else { throw error("the expression ends within (?", at: start) }
    let outer = flags
    defer { flags = outer }
    flags = flags.union(on).subtracting(off)
    return try enclosed(flags.contains(.ignoreCase) ? "(?i:" : "(?-i:", at: start)
  }

  private func flag(_ scalar: Unicode.Scalar, isOff: Bool, at start: Int) throws(RegexError) -> Flags {
    switch scalar {
    case "i": return .ignoreCase
    case "m": return .multiline
    case "s": return .dotAll
    case "x": return .verbose
    case "u" where !isOff: return []
    case "a": throw error("the flag a: write [0-9], [A-Za-z0-9_], [ \\t\\n\\r\\f\\v] where ASCII is meant", at: start)
    case "L": throw error("the flag L, which Python knows for bytes only", at: start)
    default: throw error("an unknown flag \(scalar); there are i, m, s and x", at: start)
    }
  }

  /// What to say of a `(?` that Python does not know.
  private static func unknownGroup(_ kind: Unicode.Scalar, _ next: Unicode.Scalar?) -> String {
    switch kind {
    case "<", "'": "a group name as other languages write it: write (?P<name>…)"
    case "P": "(?P\(next.map(String.init) ?? "") is unknown to Python: there are (?P<name>…) and (?P=name)"
    case "|": "(?| is unknown to Python: write (?:…) and refer to each group by its own number"
    case "R", "&", "+", "0"..."9": "recursion is unknown to Python"
    case "C": "callouts are unknown to Python"
    default: "(?\(kind) is unknown to Python"
    }
  }
}
