// SPDX-License-Identifier: Apache-2.0

/// Reads a regular expression by the rules of Python 3.11's `re` and writes it anew for PCRE2.
///
/// Nothing is passed through: each construct is recognised, and written as the construct of PCRE2 that means the
/// same, in ASCII. So a letter that PCRE2 would read otherwise (`\h`, `\R`, `\Z`, `(?<n>`) cannot slip in, and what
/// depends on the version of PCRE2's tables (`\w`, `\b`, `\s`) is spelled out. The result is compiled with UTF, UCP
/// and DOTALL; `.` is written `\N` where it does not match a newline.
///
/// Refused, beside what Python itself refuses: what Python warns about (`[[`, `--` in a set), what the two engines
/// do differently (back references to repeated groups or under `(?i)`, repeated look-arounds), and what cannot be
/// bounded in time (a minimum of more than 1 000 repeats).
struct RegexTranslator {
  struct Translation {
    var pattern: String
    /// The expression as plain text, where it is no more than that.
    var literal: Literal?
  }

  struct Literal {
    enum End { case subject, beforeNewline }
    var bytes: [UInt8] = []
    /// Where the subject has to end, for `\Z` and `$`.
    var end: End?
  }

  struct Flags: OptionSet {
    let rawValue: UInt8
    static let ignoreCase = Flags(rawValue: 1)
    static let multiline = Flags(rawValue: 2)
    static let dotAll = Flags(rawValue: 4)
    static let verbose = Flags(rawValue: 8)
  }

  struct Group {
    var name: String?
    var isOpen = true
    /// Inside a repeated item or a look-around, where the engines keep captures differently.
    var isUnsteady = false
  }

  /// What a quantifier may follow.
  struct Atom {
    enum Kind { case character, group, position, lookaround, repeated }
    var kind: Kind
    var width: RegexWidth
    /// How many groups were there before it.
    var firstGroup: Int
  }

  private let scalars: [Unicode.Scalar]
  var position = 0
  var output = ""
  var flags: Flags = []
  var groups: [Group] = []
  /// References to groups, judged at the end, when it is known which groups are repeated.
  var references: [(group: Int, position: Int)] = []
  var lookbehinds = 0
  private var depth = 0
  /// Nil once the expression is more than plain text.
  var literal: Literal? = Literal()

  init(_ text: String) {
    scalars = Array(text.unicodeScalars)
  }

  /// Translates the whole expression.
  mutating func translate() throws(RegexError) -> Translation {
    _ = try alternation(isTop: true)
    if position < scalars.count { throw error("a ) without its (: write \\) for the character", at: position) }
    for reference in references where groups[reference.group - 1].isUnsteady {
      throw error(
        "a reference to group \(reference.group), which is repeated or inside a look-around: "
          + "Python and PCRE2 do not agree on what it holds", at: reference.position)
    }
    return Translation(pattern: (flags.contains(.ignoreCase) ? "(?i)" : "") + output, literal: literal)
  }

  // MARK: Reading

  var next: Unicode.Scalar? { peek(0) }

  func peek(_ distance: Int) -> Unicode.Scalar? {
    position + distance < scalars.count ? scalars[position + distance] : nil
  }

  /// Takes the next character where it is the given one.
  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    position += 1
    return true
  }

  /// Takes characters up to a terminator and the terminator itself; nil where there is none.
  mutating func take(upTo terminator: Unicode.Scalar) -> String? {
    var text = String.UnicodeScalarView()
    var end = position
    while end < scalars.count, scalars[end] != terminator {
      text.append(scalars[end])
      end += 1
    }
    guard end < scalars.count else { return nil }
    position = end + 1
    return String(text)
  }

  func error(_ reason: String, at position: Int) -> RegexError {
    RegexError(reason: reason, position: position)
  }

  // MARK: Structure

  /// Reads alternatives up to `)` or the end.
  mutating func alternation(isTop: Bool = false) throws(RegexError) -> RegexWidth {
    depth += 1
    defer { depth -= 1 }
    // PCRE2 takes 250 by default; a word boundary is written with two of its own.
    if depth > 200 { throw error("more than 200 groups inside each other", at: position) }
    var width = try sequence(isStart: isTop)
    while take("|") {
      literal = nil
      output += "|"
      width = width.or(try sequence())
    }
    return width
  }

  /// Reads one alternative.
  mutating func sequence(isStart: Bool = false) throws(RegexError) -> RegexWidth {
    var width = RegexWidth.zero
    var last: Atom?
    while let scalar = next, scalar != "|", scalar != ")" {
      if try skipVerbose(scalar) { continue }
      let start = position
      if let quantifier = try quantifier() {
        last = try repeated(last, quantifier, at: start)
      } else if let atom = try atom(isStart: isStart && last == nil) {
        width = width.then(last?.width ?? .zero)
        last = atom
      }
    }
    return width.then(last?.width ?? .zero)
  }

  /// Passes over white space and comments where `x` is on.
  private mutating func skipVerbose(_ scalar: Unicode.Scalar) throws(RegexError) -> Bool {
    guard flags.contains(.verbose) else { return false }
    if scalar == "#" {
      _ = try skipComment(upTo: "\n")
      return true
    }
    guard [" ", "\t", "\n", "\r", "\u{B}", "\u{C}"].contains(scalar) else { return false }
    position += 1
    return true
  }

  /// Passes over a comment and its end; false where the end is not there.
  ///
  /// As in Python, a backslash in a comment takes the next character with it, the comment's end included.
  mutating func skipComment(upTo end: Unicode.Scalar) throws(RegexError) -> Bool {
    while let scalar = next {
      position += 1
      if scalar == end { return true }
      guard scalar == "\\" else { continue }
      if next == nil { throw error("a backslash at the end: write \\\\ for the character", at: position - 1) }
      position += 1
    }
    return false
  }

  /// Reads one item; nil for what leaves nothing behind: comments and flags for the whole expression.
  private mutating func atom(isStart: Bool) throws(RegexError) -> Atom? {
    let start = position
    guard let scalar = next else { return nil }
    position += 1
    switch scalar {
    case "\\": return try escape(at: start)
    case "[": return try set(at: start)
    case "(": return try group(at: start, isStart: isStart)
    case ".":
      literal = nil
      output += flags.contains(.dotAll) ? "." : "\\N"
      return Atom(kind: .character, width: .one, firstGroup: groups.count)
    case "^":
      return anchor(flags.contains(.multiline) ? .lineStart : .subjectStart)
    case "$":
      return anchor(flags.contains(.multiline) ? .lineEnd : .lastLineEnd)
    default:
      return character(scalar)
    }
  }

  enum Anchor { case subjectStart, lineStart, subjectEnd, lastLineEnd, lineEnd }

  mutating func anchor(_ anchor: Anchor) -> Atom {
    switch anchor {
    case .subjectStart:
      output += "\\A"
      if literal?.bytes.isEmpty != true || literal?.end != nil { literal = nil }
    case .lineStart:
      // Python's also matches behind the last newline, PCRE2's does not.
      output += "(?<![^\\n])"
      literal = nil
    case .subjectEnd:
      output += "\\z"
      if literal?.end == nil { literal?.end = .subject } else { literal = nil }
    case .lastLineEnd:
      output += "$"
      if literal?.end == nil { literal?.end = .beforeNewline } else { literal = nil }
    case .lineEnd:
      output += "(?![^\\n])"
      literal = nil
    }
    return Atom(kind: .position, width: .zero, firstGroup: groups.count)
  }

  /// Writes a character that stands for itself, and for its other cases where `i` is on.
  mutating func character(_ scalar: Unicode.Scalar) -> Atom {
    if flags.contains(.ignoreCase) {
      literal = nil
      if let cases = RegexCases.beyondPCRE2(scalar.value) {
        output += "[" + cases.map(RegexSet.hexadecimal).joined() + "]"
        return Atom(kind: .character, width: .one, firstGroup: groups.count)
      }
    } else if literal?.end == nil {
      literal?.bytes.append(contentsOf: Array(String(scalar).utf8))
    } else {
      literal = nil
    }
    if scalar.isASCIILetter || scalar.isASCIIDigit {
      output.unicodeScalars.append(scalar)
    } else {
      output += RegexSet.hexadecimal(scalar.value)
    }
    return Atom(kind: .character, width: .one, firstGroup: groups.count)
  }
}

extension Unicode.Scalar {
  var isASCIIDigit: Bool { ("0"..."9").contains(self) }
  var isASCIILetter: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
}
