// SPDX-License-Identifier: Apache-2.0

/// A PyLabs tag string: words of `key:value` (tags) and others (labels), percent-encoded.
///
/// Rules of PyLabs 5, `extensions/tags/Tags.py`: words are split at any white space; a word with a colon behind its
/// first character is a tag, its value ends at a second colon; the last of several tags of one key wins.
struct TagText {
  private(set) var tags: [(key: [UInt8], value: [UInt8])] = []
  private(set) var labels: [[UInt8]] = []
  private let text: UnsafeRawBufferPointer

  /// Reads a text; the view is valid as long as its bytes.
  init(_ text: UnsafeRawBufferPointer) {
    self.text = text
    var seen: Set<[UInt8]> = []
    for word in text.split(whereSeparator: { $0 == 0x20 || (0x09...0x0D).contains($0) }) {
      if let colon = word.firstIndex(of: UInt8(ascii: ":")), colon > word.startIndex {
        let value = word[(colon + 1)...].prefix { $0 != UInt8(ascii: ":") }
        tags.append((Self.percentDecoded(word[..<colon]), Self.percentDecoded(value)))
      } else {
        let label = Self.percentDecoded(word)
        if seen.insert(label).inserted { labels.append(label) }
      }
    }
  }

  /// Appends the payload: `tags` by key, `labels` in order, and the whole `text`.
  ///
  /// A key that is there twice stays so: the last one wins.
  func appendJSON(to output: inout [UInt8]) {
    output.append(literal: "{\"tags\":{")
    for (index, tag) in tags.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      output.appendJSON(text: tag.key)
      output.append(UInt8(ascii: ":"))
      output.appendJSON(text: tag.value)
    }
    output.append(literal: "},\"labels\":[")
    for (index, label) in labels.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      output.appendJSON(text: label)
    }
    output.append(literal: "],\"text\":")
    output.appendJSON(text: text)
    output.append(UInt8(ascii: "}"))
  }

  /// Adds to each tag `a:b` the part before its first colon, each once: `a:b:c` gives `a`, `a:b:c`.
  static func expanded(_ tags: [String]) -> [String] {
    var seen: Set<String> = []
    var expanded: [String] = []
    for tag in tags {
      let head = tag.prefix { $0 != ":" }
      if !head.isEmpty, head.endIndex < tag.endIndex, seen.insert(String(head)).inserted {
        expanded.append(String(head))
      }
      if seen.insert(tag).inserted { expanded.append(tag) }
    }
    return expanded
  }

  /// Undoes percent-encoding; a `%` that two hexadecimal digits do not follow stays, as in Python's `unquote`.
  private static func percentDecoded(_ word: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(word.count)
    var place = word.startIndex
    while place < word.endIndex {
      if word[place] == UInt8(ascii: "%"), place + 2 < word.endIndex,
        let high = Character(Unicode.Scalar(word[place + 1])).hexDigitValue,
        let low = Character(Unicode.Scalar(word[place + 2])).hexDigitValue
      {
        decoded.append(UInt8(high << 4 | low))
        place += 3
      } else {
        decoded.append(word[place])
        place += 1
      }
    }
    return decoded
  }
}
