// SPDX-License-Identifier: Apache-2.0

import CSimdJSON

/// Keeps the bearer token that older oslo.messaging senders ship from being seen by anything.
package enum AuthToken {
  static let key: StaticString = "_context_auth_token"
  private static let blank = UInt8(ascii: "*")
  private static let quote = UInt8(ascii: "\"")
  private static let backslash = UInt8(ascii: "\\")

  /// Overwrites every byte of every string that is the value of a key `_context_auth_token`.
  ///
  /// Works on bytes, so that a body that is cut off or no JSON at all is blanked too; length and structure stay. Finds
  /// the key at any depth of JSON text inside JSON strings, and spelled with `\u` escapes. Strings inside a list or
  /// object that is the value are blanked as well; null, true, false and numbers stay. Allocates nothing.
  package static func blank(in bytes: UnsafeMutableRawBufferPointer) {
    Scanner(bytes: bytes).blankAll()
  }

  /// Overwrites everything behind a key that stands where JSON has none.
  ///
  /// For bodies that could not be decoded: what follows a `'_context_auth_token'` in another notation is unknown, so
  /// none of it is kept.
  static func blankBehindStrayKey(in bytes: UnsafeMutableRawBufferPointer) {
    Scanner(bytes: bytes).blankBehindStrayKey()
  }

  private struct Scanner {
    let bytes: UnsafeMutableRawBufferPointer

    func blankAll() {
      guard let start = bytes.baseAddress, bytes.count > key.utf8CodeUnitCount else { return }
      // A key can only be spelled another way with escapes of ASCII characters, `\u00…`.
      let mayBeEscaped = json_tape_find(start, bytes.count, "u00", 3) != nil
      var place = 0
      while let next = mayBeEscaped ? nextCandidate(from: place) : nextLiteral(from: place) {
        place = next + 1
        guard let value = value(ofKeyAt: next) else { continue }
        blankValue(at: value.start, level: value.level)
        place = value.start
      }
    }

    func blankBehindStrayKey() {
      var place = 0
      while let next = nextLiteral(from: place) {
        place = next + key.utf8CodeUnitCount
        guard value(ofKeyAt: next) == nil else { continue }
        fill(place..<bytes.count)
        return
      }
    }

    /// Where the value of the key begins that stands at a place, and how deep in strings it stands.
    private func value(ofKeyAt place: Int) -> (start: Int, level: Int)? {
      guard let end = keyEnd(from: place), let level = level(ofQuoteAt: end) else { return nil }
      var value = end + level + 1
      skipSpace(&value)
      guard value < bytes.count, bytes[value] == UInt8(ascii: ":") else { return nil }
      value += 1
      skipSpace(&value)
      return (value, level)
    }

    private func nextLiteral(from place: Int) -> Int? {
      guard let start = bytes.baseAddress, place < bytes.count else { return nil }
      let found = json_tape_find(start + place, bytes.count - place, key.utf8Start, key.utf8CodeUnitCount)
      return found.map { $0 - UnsafeRawPointer(start) }
    }

    /// The next place behind a quote where a key begins that starts with `_` or an escape.
    private func nextCandidate(from place: Int) -> Int? {
      var place = place
      while place < bytes.count {
        if bytes[place] == UInt8(ascii: "_") || bytes[place] == backslash,
          place > 0, bytes[place - 1] == quote
        {
          return place
        }
        place += 1
      }
      return nil
    }

    /// Where the key ends that begins at a place, escapes understood; nil where another key stands there.
    private func keyEnd(from start: Int) -> Int? {
      guard start > 0, bytes[start - 1] == quote else { return nil }
      var place = start
      for index in 0..<key.utf8CodeUnitCount {
        guard place < bytes.count else { return nil }
        if bytes[place] == key.utf8Start[index] {
          place += 1
          continue
        }
        guard bytes[place] == backslash else { return nil }
        while place < bytes.count, bytes[place] == backslash { place += 1 }
        guard place + 5 <= bytes.count, bytes[place] == UInt8(ascii: "u") else { return nil }
        var code = 0
        for digit in bytes[place + 1..<place + 5] {
          guard let value = Character(Unicode.Scalar(digit)).hexDigitValue else { return nil }
          code = code << 4 | value
        }
        guard code == Int(key.utf8Start[index]) else { return nil }
        place += 5
      }
      return place
    }

    /// How many backslashes stand before the quote that closes a key: 0, and 1, 3, 7 … for JSON inside strings.
    private func level(ofQuoteAt place: Int) -> Int? {
      var end = place
      while end < bytes.count, bytes[end] == backslash { end += 1 }
      return end < bytes.count && bytes[end] == quote ? end - place : nil
    }

    /// Skips white space, escaped too: the line ends of indented JSON inside a string.
    private func skipSpace(_ place: inout Int) {
      while place < bytes.count {
        if [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) {
          place += 1
          continue
        }
        var end = place
        while end < bytes.count, bytes[end] == backslash { end += 1 }
        guard end > place, end < bytes.count, [UInt8]("nrt".utf8).contains(bytes[end]) else { return }
        place = end + 1
      }
    }

    /// Blanks the strings of one value; ends where the value ends, or the string that the JSON text stands in.
    private func blankValue(at start: Int, level: Int) {
      var place = start
      var depth = 0
      while place < bytes.count {
        switch bytes[place] {
        case quote, backslash:
          var open = place
          while open < bytes.count, bytes[open] == backslash { open += 1 }
          guard open < bytes.count, bytes[open] == quote, open - place == level else {
            // The end of the surrounding string, or an escape where no string is: not this value's any more.
            if open < bytes.count, bytes[open] == quote { return }
            place = open + 1
            continue
          }
          place = blankString(from: open + 1, level: level)
          if depth == 0 { return }
          continue
        case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
          depth -= 1
          if depth <= 0 { return }
        case UInt8(ascii: ",") where depth == 0: return
        default: break
        }
        place += 1
      }
    }

    /// Blanks a string's content up to its closing quote, to the end where there is none; returns what follows.
    private func blankString(from start: Int, level: Int) -> Int {
      var place = start
      while place < bytes.count {
        var end = place
        while end < bytes.count, bytes[end] == backslash { end += 1 }
        guard end < bytes.count, bytes[end] == quote else {
          // An escaped character goes with its backslashes.
          let next = min(end + 1, bytes.count)
          fill(place..<next)
          place = next
          continue
        }
        if closes(end - place, level: level) {
          let content = max(place, end - level)
          fill(place..<content)
          return end + 1
        }
        fill(place..<end + 1)
        place = end + 1
      }
      return place
    }

    /// Whether a quote behind this many backslashes ends a string at a level, or one around it.
    ///
    /// Undoing one level of escaping turns `n` backslashes before an escaped quote into `(n - 1) / 2`; an even number
    /// means that the quote is not escaped there.
    private func closes(_ backslashes: Int, level: Int) -> Bool {
      var (backslashes, level) = (backslashes, level)
      while level > 0 {
        if backslashes % 2 == 0 { return true }
        backslashes = (backslashes - 1) / 2
        level = (level - 1) / 2
      }
      return backslashes % 2 == 0
    }

    private func fill(_ range: Range<Int>) {
      for place in range { bytes[place] = blank }
    }
  }
}
