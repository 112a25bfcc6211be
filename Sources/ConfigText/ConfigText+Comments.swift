// SPDX-License-Identifier: Apache-2.0

extension ConfigText {
  /// Returns the value without its comments, and the comments.
  ///
  /// A `#` behind white space, or at the beginning of a line of the value, ends that line; white space in front of it
  /// goes too. Not inside `"…"` that is closed on the same line, so `"# 1"` stays, and an inch sign protects nothing.
  /// Never to be used on passwords and addresses.
  ///
  /// With `keepsPatterns`, for values that hold patterns of the broker, in which `#` stands for any number of words, a
  /// `#` that `.`, `,` or the end of the line follows is no comment, so `a.*, #` and `#.error` stay whole.
  package func withoutComments(keepsPatterns: Bool = false) -> (text: ConfigText, comments: [ConfigText]) {
    let source = ScalarText(self)
    var value = TextBuilder(at: position)
    var comments: [ConfigText] = []
    var start = 0
    while start <= source.count {
      let end = source.endOfLine(from: start)
      let comment = source.comment(in: start..<end, keepsPatterns: keepsPatterns)
      let kept = source.trimmed(start..<(comment ?? end))
      value.append(source, kept)
      if let comment { comments.append(source.piece(comment..<end)) }
      if end < source.count { value.append(source, end..<end + 1) }
      start = end + 1
    }
    return (value.text.trimmed(), comments)
  }

  /// Returns the text without white space and empty lines at its ends.
  package func trimmed() -> ConfigText {
    let source = ScalarText(self)
    let range = source.trimmed(0..<source.count)
    if range.count == source.count { return self }
    var trimmed = source.piece(range)
    trimmed.isQuoted = isQuoted
    return trimmed
  }
}

extension ScalarText {
  /// Returns where the comment of a line begins, if it has one.
  fileprivate func comment(in line: Range<Int>, keepsPatterns: Bool) -> Int? {
    var offset = line.lowerBound
    // Where one quotation mark is not closed, none behind it is: it would have closed the first.
    var mayBeClosed = true
    while offset < line.upperBound {
      if mayBeClosed, self[offset] == "\"" {
        let close = closingQuote(from: offset, inLine: true)
        mayBeClosed = close != nil
        offset = close ?? offset
      } else if isComment(at: offset), !(keepsPatterns && isPattern(at: offset, before: line.upperBound)) {
        return offset
      }
      offset += 1
    }
    return nil
  }

  /// Whether a comment begins at `offset`: a `#` with white space or nothing in front of it.
  func isComment(at offset: Int) -> Bool {
    self[offset] == "#" && (self[offset - 1]?.isConfigSpace ?? true)
  }

  private func isPattern(at offset: Int, before end: Int) -> Bool {
    let next = self[offset + 1]
    if next == "." || next == "," { return true }
    let rest = skippingSpace(from: offset + 1)
    return rest >= end || self[rest] == "," || (rest > offset + 1 && self[rest] == "#")
  }
}
