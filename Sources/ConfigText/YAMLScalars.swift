// SPDX-License-Identifier: Apache-2.0

extension ConfigValue.YAMLType {
  /// The type of a plain scalar: `true`, `false`, `null`, `~`, nothing, and the numbers of JSON; everything else is text.
  ///
  /// So `no`, `on`, `True`, `0x1F`, `1_000`, `012` and `.5` are text.
  init(plain text: String) {
    switch text {
    case "", "~", "null": self = .null
    case "true", "false": self = .boolean
    default: self = text.isJSONNumber ? .number : .text
    }
  }
}

extension String {
  /// Whether the text is a number by RFC 8259: `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
  var isJSONNumber: Bool {
    var rest = utf8[...]
    if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
    let isZero = rest.first == UInt8(ascii: "0")
    let integer = rest.removeDigits()
    guard integer == 1 || (integer > 1 && !isZero) else { return false }
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      guard rest.removeDigits() > 0 else { return false }
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
      guard rest.removeDigits() > 0 else { return false }
    }
    return rest.isEmpty
  }
}

extension Substring.UTF8View {
  /// Removes the digits at the beginning and returns how many there were.
  fileprivate mutating func removeDigits() -> Int {
    let digits = prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
    removeFirst(digits)
    return digits
  }
}

extension SourceText {
  /// Returns the text of a YAML scalar with the places of its characters.
  ///
  /// Where the scalar stands in the file letter by letter, each letter has its place: plain and quoted on one line,
  /// and literal blocks (`|`). Of folded and escaped ones, what can be found again does, and the rest is said to be where
  /// the scalar begins. `start` is its first character, anchor and tag included.
  func text(of content: String, _ style: YAMLScalarStyle, at start: Int) -> ConfigText {
    let wanted = Array(content.unicodeScalars)
    let start = skippingProperties(from: start)
    switch style {
    case .plain:
      if matches(wanted, at: start) { return text(content, at: start) }
    case .singleQuoted, .doubleQuoted:
      if matches(wanted, at: start + 1) { return text(content, at: start + 1) }
    case .literal:
      if let lines = literalLines(wanted, from: start) { return ConfigText(text: content, lines: lines) }
    case .folded:
      break
    }
    let begin = style == .singleQuoted || style == .doubleQuoted ? start + 1 : start
    return ConfigText(
      text: content, marks: [ConfigText.Mark(offset: 0, position: position(at: begin), advances: false)])
  }

  private func text(_ content: String, at offset: Int) -> ConfigText {
    ConfigText(text: content, marks: [ConfigText.Mark(offset: 0, position: position(at: offset))])
  }

  private func matches(_ wanted: [Unicode.Scalar], at offset: Int) -> Bool {
    guard offset + wanted.count <= scalars.count, !wanted.contains("\n") else { return false }
    return scalars[offset..<offset + wanted.count].elementsEqual(wanted)
  }

  /// Returns the offset behind the `&anchor` and `!tag` at `offset`, if there are any.
  private func skippingProperties(from offset: Int) -> Int {
    var offset = offset
    while offset < scalars.count, scalars[offset] == "&" || scalars[offset] == "!" {
      while offset < scalars.count, !scalars[offset].isConfigSpace { offset += 1 }
      while offset < scalars.count, scalars[offset].isConfigSpace { offset += 1 }
    }
    return offset
  }

  /// Returns where the lines of a literal block stand, whose `|` is at `start`.
  private func literalLines(_ content: [Unicode.Scalar], from start: Int) -> [SourcePosition]? {
    var positions: [SourcePosition] = []
    var number = lineIndex(at: start) + 1
    var pieces = content.split(separator: "\n", omittingEmptySubsequences: false)
    // What follows the last newline is nothing, and stands where the last line ends.
    let endsLine = pieces.last?.isEmpty == true
    if endsLine { pieces.removeLast() }
    for line in pieces {
      guard lines.indices.contains(number) else { return nil }
      let written = scalars[lines[number]]
      guard written.suffix(line.count).elementsEqual(line) else { return nil }
      positions.append(SourcePosition(file: file, line: number + 1, column: written.count - line.count + 1))
      number += 1
    }
    if endsLine { positions.append(SourcePosition(file: file, line: number, column: lines[number - 1].count + 1)) }
    return positions
  }
}
