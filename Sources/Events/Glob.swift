// SPDX-License-Identifier: Apache-2.0

/// A pattern of file names: `*` any text, `?` one character, `[a-z]` and `[!a-z]` one of or none of.
///
/// The rules are those of Python's `fnmatch.fnmatchcase`: the whole text, case counts, `/` and a leading dot are
/// characters like others, a `[` without its `]` stands for itself.
struct Glob: Sendable, CustomStringConvertible {
  fileprivate enum Part {
    case text
    case one
    case character(Unicode.Scalar)
    case set(isNegated: Bool, [ClosedRange<Unicode.Scalar>])
  }

  let description: String
  private let parts: [Part]

  init(_ text: String) {
    description = text
    let scalars = Array(text.unicodeScalars)
    var parts: [Part] = []
    var index = 0
    while index < scalars.count {
      switch scalars[index] {
      case "*":
        if case .text = parts.last {} else { parts.append(.text) }
      case "?": parts.append(.one)
      case "[":
        if let (set, end) = Self.set(scalars, behind: index) {
          parts.append(set)
          index = end
        } else {
          parts.append(.character("["))
        }
      default: parts.append(.character(scalars[index]))
      }
      index += 1
    }
    self.parts = parts
  }

  /// Reads a set, and where its `]` stands; nil where that is not there.
  private static func set(_ scalars: [Unicode.Scalar], behind start: Int) -> (Part, Int)? {
    var index = start + 1
    let isNegated = index < scalars.count && scalars[index] == "!"
    if isNegated { index += 1 }
    let first = index
    // A ] that comes first is a member.
    guard let end = scalars.indices.first(where: { $0 > first && scalars[$0] == "]" }) else { return nil }
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    while index < end {
      let low = scalars[index]
      if index + 2 < end, scalars[index + 1] == "-" {
        // A range that runs backwards holds nothing.
        if low <= scalars[index + 2] { ranges.append(low...scalars[index + 2]) }
        index += 3
      } else {
        ranges.append(low...low)
        index += 1
      }
    }
    return (.set(isNegated: isNegated, ranges), end)
  }

  /// Whether the whole text matches.
  ///
  /// Takes at most (length of the text) × (length of the pattern) steps, and calls `pause` every 65 536 of them.
  func matches(_ text: UnsafeBufferPointer<UInt8>, pause: () -> Void = {}) -> Bool {
    var steps: UInt16 = 0
    var cursor = Unicode.UTF8.ForwardCursor(text)
    var index = 0
    var widened: (index: Int, cursor: Unicode.UTF8.ForwardCursor)?
    while true {
      if index < parts.count, case .text = parts[index] {
        index += 1
        // At the end of the pattern it takes all that is left.
        if index == parts.count { return true }
        widened = (index, cursor)
        continue
      }
      steps &+= 1
      if steps == 0 { pause() }
      var ahead = cursor
      guard let scalar = ahead.next() else { break }
      if index < parts.count, parts[index].accepts(scalar) {
        cursor = ahead
        index += 1
      } else if var last = widened {
        _ = last.cursor.next()
        widened = last
        (index, cursor) = last
      } else {
        return false
      }
    }
    return index == parts.count
  }
}

extension Glob.Part {
  fileprivate func accepts(_ scalar: Unicode.Scalar) -> Bool {
    switch self {
    case .text: false
    case .one: true
    case .character(let own): own == scalar
    case .set(let isNegated, let ranges): ranges.contains { $0.contains(scalar) } != isNegated
    }
  }
}

extension Unicode.UTF8 {
  /// Walks over the characters of a text in UTF-8; what is not UTF-8 comes out as U+FFFD, a byte at a time.
  struct ForwardCursor {
    private let text: UnsafeBufferPointer<UInt8>
    private var index = 0

    init(_ text: UnsafeBufferPointer<UInt8>) {
      self.text = text
    }

    mutating func next() -> Unicode.Scalar? {
      guard index < text.count else { return nil }
      let first = text[index]
      index += 1
      let (count, bits): (Int, UInt8)
      switch first {
      case 0x00...0x7F: return Unicode.Scalar(first)
      case 0xC2...0xDF: (count, bits) = (1, first & 0x1F)
      case 0xE0...0xEF: (count, bits) = (2, first & 0x0F)
      case 0xF0...0xF4: (count, bits) = (3, first & 0x07)
      default: return "\u{FFFD}"
      }
      guard text.count - index >= count else { return "\u{FFFD}" }
      var value = UInt32(bits)
      for offset in 0..<count {
        let byte = text[index + offset]
        guard byte & 0xC0 == 0x80 else { return "\u{FFFD}" }
        value = value << 6 | UInt32(byte & 0x3F)
      }
      guard let scalar = Unicode.Scalar(value) else { return "\u{FFFD}" }
      index += count
      return scalar
    }
  }
}
