// SPDX-License-Identifier: Apache-2.0

/// A list of patterns of event types, separated by commas: `*` is one word, `#` zero or more, words end at dots.
///
/// The rules are those of an action's `events`: the empty type has no word at all, every dot ends a word, `*` and `#`
/// inside a longer word stand for themselves.
struct TypePatterns {
  private let patterns: [[Word]]

  private enum Word: Equatable {
    case one, anyNumber
    case literal([UInt8])
  }

  init(_ text: String) {
    patterns = text.split(separator: ",", omittingEmptySubsequences: false).map { pattern in
      Self.words(pattern.drop { $0 == " " }.prefixWithoutTrailingSpace).map { word in
        switch word {
        case [UInt8(ascii: "*")]: .one
        case [UInt8(ascii: "#")]: .anyNumber
        default: .literal(word)
        }
      }
    }
  }

  func matches(_ type: String) -> Bool {
    let words = Self.words(type[...])
    return patterns.contains { Self.matches($0, words) }
  }

  /// Takes at most (words of the type) × (words of the pattern) steps: only the last `#` seen is ever widened.
  private static func matches(_ pattern: [Word], _ words: [[UInt8]]) -> Bool {
    var (place, next) = (0, 0)
    var widened: (place: Int, next: Int)?
    while next < words.count || place < pattern.count {
      if place < pattern.count, pattern[place] == .anyNumber {
        widened = (place, next)
        place += 1
      } else if next < words.count, place < pattern.count,
        pattern[place] == .one || pattern[place] == .literal(words[next])
      {
        place += 1
        next += 1
      } else if let last = widened, last.next < words.count {
        widened = (last.place, last.next + 1)
        place = last.place + 1
        next = last.next + 1
      } else {
        return false
      }
    }
    return true
  }

  private static func words(_ text: Substring) -> [[UInt8]] {
    guard !text.isEmpty else { return [] }
    return text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
  }
}

extension Substring {
  fileprivate var prefixWithoutTrailingSpace: Substring {
    guard let last = lastIndex(where: { $0 != " " }) else { return "" }
    return self[...last]
  }
}
