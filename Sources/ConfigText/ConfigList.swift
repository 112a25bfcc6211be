// SPDX-License-Identifier: Apache-2.0

/// A value split at its commas.
package struct ConfigList: Sendable {
  package struct Item: Sendable {
    package enum Quoting: Sendable, Equatable { case none, single, double }

    /// Without the quotation marks, where they surround all of the item.
    package var text: ConfigText
    package var quoting: Quoting
    /// Where the item begins, its quotation mark included.
    package var position: SourcePosition
  }

  package var items: [Item] = []
  package var problems: [ConfigProblem] = []
}

extension ConfigText {
  /// Splits the text at its commas; items are trimmed, and a comma inside `"…"` or `'…'` does not split.
  ///
  /// An item may be quoted as a whole; in `"…"`, `\"` and `\\` stand for `"` and `\`, and nothing else is changed. Quotes
  /// inside an item, as in `NAME="a, b"`, protect their commas and stay; an apostrophe behind a letter or digit is none.
  /// A comma at the end is allowed; an item missing between two commas, a quote that is not closed, text behind a quoted
  /// item and an unquoted item that runs on to the next line are problems. An empty text has no items.
  ///
  /// Comments have to be cut before.
  package func commaList() -> ConfigList {
    var splitter = ListSplitter(source: ScalarText(self))
    return splitter.split()
  }

  /// Returns the text as the single item of a list that it would be without commas: unquoted, if it is all one quote.
  package func unquoted() -> ConfigList.Item {
    let trimmed = self.trimmed()
    let source = ScalarText(trimmed)
    guard let quoting = source.quoting(at: 0), source.closingQuote(from: 0) == source.count - 1
    else {
      return ConfigList.Item(text: trimmed, quoting: .none, position: trimmed.position)
    }
    return ConfigList.Item(
      text: source.quotedText(from: 0, to: source.count - 1), quoting: quoting, position: trimmed.position)
  }
}

extension ScalarText {
  /// Which quotation mark stands at `offset`, if one does.
  fileprivate func quoting(at offset: Int) -> ConfigList.Item.Quoting? {
    switch self[offset] {
    case "\"": .double
    case "'": .single
    default: nil
    }
  }

  /// Returns what stands between two quotation marks.
  fileprivate func quotedText(from open: Int, to close: Int) -> ConfigText {
    var builder = TextBuilder(at: position(at: open + 1))
    var offset = open + 1
    while offset < close {
      let isEscape = self[open] == "\"" && self[offset] == "\\"
      if isEscape, let next = self[offset + 1], next == "\"" || next == "\\" { offset += 1 }
      builder.append(self, offset..<offset + 1)
      offset += 1
    }
    var text = builder.text
    text.isQuoted = true
    return text
  }
}

private struct ListSplitter {
  let source: ScalarText
  private var offset = 0
  /// Up to where each quotation mark is known not to be closed, so that no line is searched twice for it.
  private var unclosed: [ConfigList.Item.Quoting: Int] = [:]
  private var list = ConfigList()

  init(source: ScalarText) {
    self.source = source
  }

  mutating func split() -> ConfigList {
    offset = source.skippingSpace(from: 0)
    while offset < source.count {
      if source[offset] == "," {
        complain(at: offset, "An item is missing in front of this comma: remove the comma, or write the item.")
      } else if let quoting = source.quoting(at: offset) {
        readQuoted(quoting)
      } else {
        readUnquoted()
      }
      if source[offset] == "," { offset += 1 }
      offset = source.skippingSpace(from: offset)
    }
    return list
  }

  private mutating func readQuoted(_ quoting: ConfigList.Item.Quoting) {
    let open = offset
    guard let close = source.closingQuote(from: open) else {
      complain(
        at: open,
        "The quotation mark that opens here is not closed in this value. Inside '…', a # behind white space begins a "
          + "comment; inside \"…\" it does not.")
      offset = source.count
      return
    }
    list.items.append(
      ConfigList.Item(
        text: source.quotedText(from: open, to: close), quoting: quoting, position: source.position(at: open)))
    offset = source.skippingSpace(from: close + 1)
    guard offset < source.count, source[offset] != "," else { return }
    complain(at: offset, "Found text behind a quoted item: put a comma between them, or the quotes around all of it.")
    offset = endOfUnquoted(from: offset)
  }

  private mutating func readUnquoted() {
    let end = endOfUnquoted(from: offset)
    let range = source.trimmed(offset..<end)
    let text = source.piece(range)
    offset = end
    if let newline = source.scalars[range].firstIndex(of: "\n") {
      complain(
        at: source.skippingSpace(from: newline),
        "The list goes on in this line, but the line above does not end with a comma: add it. If this line is meant as a "
          + "key of its own, remove the white space in front of it.")
    } else {
      list.items.append(ConfigList.Item(text: text, quoting: .none, position: text.position))
    }
  }

  /// Returns the offset of the comma that ends the item which `offset` is in, else `count`.
  private mutating func endOfUnquoted(from offset: Int) -> Int {
    var end = offset
    while let scalar = source[end], scalar != "," {
      let isInWord = end > offset && source[end - 1].map { $0.properties.isAlphabetic || $0.isDigit } == true
      if !isInWord, let close = closingQuoteInLine(from: end) { end = close }
      end += 1
    }
    return end
  }

  /// Returns where the quotation mark at `offset`, if it is one, is closed in its line.
  private mutating func closingQuoteInLine(from offset: Int) -> Int? {
    guard let quoting = source.quoting(at: offset), offset >= unclosed[quoting, default: 0] else { return nil }
    let close = source.closingQuote(from: offset, inLine: true)
    if close == nil { unclosed[quoting] = source.endOfLine(from: offset) }
    return close
  }

  private mutating func complain(at offset: Int, _ message: String) {
    list.problems.append(ConfigProblem(position: source.position(at: offset), message: message))
  }
}

extension Unicode.Scalar {
  fileprivate var isDigit: Bool { properties.numericType != nil }
}
