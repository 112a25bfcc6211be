// SPDX-License-Identifier: Apache-2.0

/// A text laid out for scanning: scalars by number, each with its place.
struct ScalarText {
  let scalars: [Unicode.Scalar]
  let marks: [ConfigText.Mark]

  init(_ text: ConfigText) {
    scalars = Array(text.text.unicodeScalars)
    marks = text.marks
  }

  var count: Int { scalars.count }

  /// The scalar at `offset`, or nil past either end.
  subscript(offset: Int) -> Unicode.Scalar? {
    scalars.indices.contains(offset) ? scalars[offset] : nil
  }

  func position(at offset: Int) -> SourcePosition { marks.position(at: offset) }

  /// Returns the first offset at or after `offset` that holds no white space, at most `count`.
  func skippingSpace(from offset: Int) -> Int {
    var offset = offset
    while let scalar = self[offset], scalar.isConfigSpace { offset += 1 }
    return offset
  }

  /// Returns the offset of the next newline at or after `offset`, else `count`.
  func endOfLine(from offset: Int) -> Int {
    var offset = offset
    while let scalar = self[offset], scalar != "\n" { offset += 1 }
    return offset
  }

  /// Returns `range` without the white space at its ends.
  func trimmed(_ range: Range<Int>) -> Range<Int> { scalars.trimmed(range) }

  /// Returns the part of the text in `range`, positions kept.
  func piece(_ range: Range<Int>) -> ConfigText {
    var builder = TextBuilder(at: position(at: range.lowerBound))
    builder.append(self, range)
    return builder.text
  }

  /// Returns where the quotation mark at `start` is answered, if it is, in its line only if so wanted.
  ///
  /// In `"…"` a backslash keeps the next `"` or `\` from counting, as it does in JSON and in a shell; in `'…'` nothing does.
  func closingQuote(from start: Int, inLine: Bool = false) -> Int? {
    guard let quote = self[start] else { return nil }
    var offset = start + 1
    while let scalar = self[offset] {
      if scalar == quote { return offset }
      if inLine, scalar == "\n" { return nil }
      if scalar == "\\", quote == "\"", let next = self[offset + 1], next == "\"" || next == "\\" { offset += 1 }
      offset += 1
    }
    return nil
  }
}

/// Puts a text together from pieces of others, keeping where each came from.
struct TextBuilder {
  /// UTF-8.
  private var bytes: [UInt8] = []
  private var marks: [ConfigText.Mark] = []
  private(set) var count = 0
  private let start: SourcePosition

  /// Begins an empty text; `start` is its position for as long as nothing is appended.
  init(at start: SourcePosition) {
    self.start = start
  }

  /// Appends the part of `source` in `range`, which is cut to what there is.
  mutating func append(_ source: ScalarText, _ range: Range<Int>) {
    let range = range.clamped(to: 0..<source.count)
    guard !range.isEmpty else { return }
    var index = source.marks.index(covering: range.lowerBound)
    let first = source.marks[index]
    mark(source.position(at: range.lowerBound), advances: first.advances)
    index += 1
    while index < source.marks.count, source.marks[index].offset < range.upperBound {
      var mark = source.marks[index]
      mark.offset += count - range.lowerBound
      marks.append(mark)
      index += 1
    }
    source.scalars[range].append(to: &bytes)
    count += range.count
  }

  /// Appends text that is nowhere in the file as such, but stands for what is at `position`.
  mutating func append(_ text: String, standingFor position: SourcePosition) {
    mark(position, advances: false)
    bytes += text.utf8
    count += text.unicodeScalars.count
  }

  private mutating func mark(_ position: SourcePosition, advances: Bool) {
    if let last = marks.last, last.advances == advances, last.position(at: count) == position { return }
    marks.append(ConfigText.Mark(offset: count, position: position, advances: advances))
  }

  /// The text as it is now.
  var text: ConfigText {
    ConfigText(
      text: String(decoding: bytes, as: UTF8.self),
      marks: marks.isEmpty ? [ConfigText.Mark(offset: 0, position: start)] : marks)
  }
}

extension [Unicode.Scalar] {
  /// Returns `range` without the white space at its ends.
  func trimmed(_ range: Range<Int>) -> Range<Int> {
    var range = range.clamped(to: indices)
    while !range.isEmpty, self[range.upperBound - 1].isConfigSpace { range = range.lowerBound..<range.upperBound - 1 }
    while !range.isEmpty, self[range.lowerBound].isConfigSpace { range = range.lowerBound + 1..<range.upperBound }
    return range
  }

  /// Returns the scalars in `range` as a string.
  func string(_ range: Range<Int>) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    self[range.clamped(to: indices)].append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension ArraySlice<Unicode.Scalar> {
  /// Appends the scalars as UTF-8, many times faster than to a string: all values of a configuration pass here, often.
  fileprivate func append(to bytes: inout [UInt8]) {
    for scalar in self {
      if scalar.isASCII { bytes.append(UInt8(truncatingIfNeeded: scalar.value)) } else { bytes += String(scalar).utf8 }
    }
  }
}

extension Unicode.Scalar {
  /// Whether Python's `str.strip` takes it for white space, which is what `configparser` cuts by.
  ///
  /// The set is that of `Py_UNICODE_ISSPACE`: bidirectional class WS, B or S, or category Zs.
  var isConfigSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }
}

extension String {
  /// The string in single quotation marks for a message: at most 40 scalars of it, control characters made visible.
  var shown: String {
    var shown = "'"
    for (count, scalar) in unicodeScalars.enumerated() {
      if count == 40 {
        shown += "…"
        break
      }
      let isInvisible = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      shown += isInvisible ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return shown + "'"
  }
}
