// SPDX-License-Identifier: Apache-2.0

/// The JSON value at the beginning of a text, and what stands behind it.
package struct JSONPart: Sendable {
  /// From the value's first to its last character, without comments; empty where there is none.
  ///
  /// Only its end was looked for: whether it is JSON, a parser has to say, whose offsets `position(atUTF8:)` takes back
  /// to the file.
  package var json: ConfigText
  /// What follows the value and is not a comment.
  package var stray: ConfigText?

  /// What is wrong with the text as a whole, at the first stray character.
  package var problem: ConfigProblem? {
    guard let stray else { return nil }
    let scalar = stray.text.unicodeScalars.first.map { String($0).shown } ?? "text"
    return ConfigProblem(
      position: stray.position,
      message: "Found \(scalar) behind the JSON value, which has ended: remove it. Only a comment (#) may follow.")
  }
}

extension ConfigText {
  /// Returns the JSON value that the text begins with: it ends where its JSON ends, whatever follows.
  ///
  /// Comments, a `#` behind white space outside strings, may stand at the end of each line. Brackets are counted, not
  /// matched; strings end at their line's end at the latest, as JSON's do.
  package func jsonPart() -> JSONPart {
    let source = ScalarText(self)
    var scanner = JSONEndScanner(source: source)
    var json = TextBuilder(at: position)
    let end = scanner.copyValue(into: &json)
    let stray = scanner.skippingComments(from: end)
    let rest = source.trimmed(stray..<source.count)
    return JSONPart(json: json.text.trimmed(), stray: rest.isEmpty ? nil : source.piece(rest))
  }
}

/// Finds the end of the first JSON value by its strings and brackets.
private struct JSONEndScanner {
  let source: ScalarText
  private var depth = 0

  init(source: ScalarText) {
    self.source = source
  }

  /// Copies the value, comments left out, and returns the offset behind it.
  mutating func copyValue(into json: inout TextBuilder) -> Int {
    var offset = skippingComments(from: 0)
    while let scalar = source[offset] {
      if source.isComment(at: offset) {
        offset = source.endOfLine(from: offset)
        continue
      }
      let end = self.end(ofTokenAt: offset)
      json.append(source, offset..<end)
      offset = end
      if depth <= 0, !scalar.isConfigSpace { return offset }
    }
    return offset
  }

  /// Returns the offset behind the string, word, bracket or other character at `offset`, and counts brackets.
  private mutating func end(ofTokenAt offset: Int) -> Int {
    switch source[offset] {
    case "{", "[":
      depth += 1
      return offset + 1
    case "}", "]":
      depth -= 1
      return offset + 1
    case "\"":
      return source.closingQuote(from: offset, inLine: true).map { $0 + 1 } ?? source.endOfLine(from: offset)
    default:
      guard depth == 0 else { return offset + 1 }
      var end = offset + 1
      while let scalar = source[end], !scalar.isConfigSpace, !"{}[]\",".unicodeScalars.contains(scalar) { end += 1 }
      return end
    }
  }

  /// Returns the next offset that holds neither white space nor a comment.
  func skippingComments(from offset: Int) -> Int {
    var offset = source.skippingSpace(from: offset)
    while source[offset] == "#" { offset = source.skippingSpace(from: source.endOfLine(from: offset)) }
    return offset
  }
}
