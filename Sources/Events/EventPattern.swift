// SPDX-License-Identifier: Apache-2.0

/// A pattern of event types in the way of AMQP topics: `*` is one word, `#` zero or more, words end at dots.
///
/// The rules are those of RabbitMQ's topic exchange (`rabbit_db_topic_exchange`): the empty type has no word at
/// all, every dot ends a word so that `a..b` has an empty one in its middle, `*` and `#` inside a longer word stand
/// for themselves, and letters match only in their own case.
package struct EventPattern: Sendable, Hashable, CustomStringConvertible {
  package let description: String
  let words: [Word]

  enum Word: Sendable, Hashable {
    /// `*`
    case one
    /// `#`
    case anyNumber
    case literal([UInt8])
  }

  /// Reads a pattern; any text is one.
  package init(_ text: String) {
    description = text
    words = Array(text.utf8).withUnsafeBufferPointer { bytes in
      var words: [Word] = []
      var cursor = WordCursor(bytes)
      while let word = cursor.next() {
        words.append(Word(UnsafeBufferPointer(rebasing: word)))
      }
      return words
    }
  }

  /// Whether the pattern names one type only, so that a table finds it without a walk.
  var isExact: Bool {
    words.allSatisfy { if case .literal = $0 { true } else { false } }
  }

  /// Whether its first word is none of the wildcards.
  var beginsLiterally: Bool {
    if case .literal = words.first { true } else { false }
  }

  /// Whether a type matches; agrees with RabbitMQ's topic exchange.
  package func matches(_ type: String) -> Bool {
    var type = type
    return type.withUTF8 { matches($0) }
  }

  /// Whether a type matches that is at hand as UTF-8.
  ///
  /// Takes at most (words of the type) × (words of the pattern) steps, however many `#` there are: only the last `#`
  /// seen is ever widened, since all that an earlier one could take, the last one can take instead.
  package func matches(_ type: UnsafeBufferPointer<UInt8>) -> Bool {
    var cursor = WordCursor(type)
    var index = 0
    var widened: (index: Int, cursor: WordCursor)?
    while true {
      if index < words.count, case .anyNumber = words[index] {
        widened = (index, cursor)
        index += 1
        continue
      }
      var ahead = cursor
      guard let word = ahead.next() else { break }
      if index < words.count, words[index].accepts(word) {
        cursor = ahead
        index += 1
      } else if var last = widened {
        _ = last.cursor.next()
        widened = last
        cursor = last.cursor
        index = last.index + 1
      } else {
        return false
      }
    }
    return index == words.count
  }
}

extension EventPattern.Word {
  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    switch (bytes.count, bytes.first) {
    case (1, UInt8(ascii: "*")): self = .one
    case (1, UInt8(ascii: "#")): self = .anyNumber
    default: self = .literal(Array(bytes))
    }
  }

  /// Whether this stands for exactly the given word; `#`, which stands for several, is its caller's business.
  fileprivate func accepts(_ word: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    switch self {
    case .one: true
    case .anyNumber: false
    case .literal(let bytes): bytes.count == word.count && bytes.elementsEqual(word)
    }
  }
}

/// Walks over the words of a type: none for an empty type, else one more than it has dots.
struct WordCursor {
  private let bytes: UnsafeBufferPointer<UInt8>
  /// Where the next word begins; past the end once the last word was taken.
  private var start: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    start = bytes.isEmpty ? 1 : 0
  }

  mutating func next() -> Slice<UnsafeBufferPointer<UInt8>>? {
    guard start <= bytes.count else { return nil }
    var end = start
    while end < bytes.count, bytes[end] != UInt8(ascii: ".") { end += 1 }
    defer { start = end + 1 }
    return bytes[start..<end]
  }
}

/// The `events` key of an action.
package struct EventSelection: Sendable {
  package var patterns: [EventPattern] = []
  package var exclusions: [EventPattern] = []
  /// Regular expressions of groups that are named by `@group:NAME`, and by `!@group:NAME`.
  package var regexes: [TypeRegex] = []
  package var excludedRegexes: [TypeRegex] = []
  /// `@unmatched`: events that no other action accepted.
  package var unmatched = false

  package init() {}

  /// Whether only the daemon's own events are named, which no source outside brings.
  package var takesOwnOnly: Bool {
    !unmatched && regexes.isEmpty && !patterns.isEmpty
      && patterns.allSatisfy { $0.beginsLiterally && OwnEventType.isOwn($0.description) }
  }

  /// Whether an event of a type is taken, before conditions; what `@unmatched` takes depends on the other actions.
  package func takes(type: String) -> Bool {
    let isOwn = OwnEventType.isOwn(type)
    let isNamed = patterns.contains { $0.matches(type) && (!isOwn || $0.beginsLiterally) }
    guard !exclusions.contains(where: { $0.matches(type) }) else { return false }
    if regexes.isEmpty, excludedRegexes.isEmpty { return isNamed }
    let memory = RegexMemory()
    var type = type
    return type.withUTF8 { bytes in
      (isNamed || !isOwn && regexes.contains { $0.matches(bytes, memory) })
        && !excludedRegexes.contains { $0.matches(bytes, memory) }
    }
  }
}
