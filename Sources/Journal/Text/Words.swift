// SPDX-License-Identifier: Apache-2.0

/// The words of a text: runs of letters and digits, in lower case.
///
/// The index of words is given nothing else, with a tokenizer that splits at ASCII's other characters only. So what is
/// found by it and what is found by a look at the body agree.
struct Words {
  /// Bytes of a word that count: what is longer is cut, here and in what is searched for.
  static let longest = 64
  /// Bytes of one event's texts that are looked at.
  static let textLimit = 64 << 10

  /// Each once.
  fileprivate(set) var all: Set<[UInt8]> = []
  /// The one that stood last.
  private(set) var last: [UInt8]?
  private var rest = textLimit
  private var word: [UInt8] = []

  /// The words of a body's texts, keys and values.
  init(of body: StoredBody, _ bodies: any BodyReading) {
    bodies.forEachText(of: body) { add($0) }
  }

  init(_ text: String) {
    var text = text
    text.withUTF8 { _ = add($0) }
  }

  /// As the index takes them.
  var joined: String {
    var bytes: [UInt8] = []
    for word in all {
      if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
      bytes += word
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Adds the words of one text; false once there is no room for more.
  private mutating func add(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let text = UnsafeBufferPointer(rebasing: text.prefix(rest))
    rest -= text.count
    var index = 0
    while index < text.count {
      let byte = text[index]
      guard byte < 0x80 else {
        addBeyondASCII(text, &index)
        continue
      }
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): append(byte)
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): append(byte | 0x20)
      default: end()
      }
      index += 1
    }
    end()
    return rest > 0
  }

  /// One character: a letter or number belongs to the word, with the marks upon it; anything else ends it.
  private mutating func addBeyondASCII(_ text: UnsafeBufferPointer<UInt8>, _ index: inout Int) {
    var bytes = text[index...].makeIterator()
    var decoder = UTF8()
    guard case .scalarValue(let scalar) = decoder.decode(&bytes) else {
      index += 1
      return end()
    }
    index += UTF8.width(scalar)
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber, .nonspacingMark, .spacingMark:
      let letters = Array(scalar.properties.lowercaseMapping.utf8)
      // Never half a character.
      if word.count + letters.count <= Self.longest { word += letters }
    default: end()
    }
  }

  private mutating func append(_ byte: UInt8) {
    if word.count < Self.longest { word.append(byte) }
  }

  private mutating func end() {
    guard !word.isEmpty else { return }
    all.insert(word)
    last = word
    word.removeAll(keepingCapacity: true)
  }
}

/// Words that all have to be in an event.
package struct WordSearch: Sendable, Equatable {
  private var whole: [[UInt8]] = []
  private var beginnings: [[UInt8]] = []

  /// Reads words between spaces; a `*` at the end of one stands for any ending.
  ///
  /// Nil when there is no letter and no digit in it.
  package init?(_ text: String) {
    for part in text.split(whereSeparator: \.isWhitespace) {
      var words = Words(String(part))
      if part.hasSuffix("*"), let last = words.last {
        words.all.remove(last)
        beginnings.append(last)
      }
      whole += words.all.sorted { $0.lexicographicallyPrecedes($1) }
    }
    if whole.isEmpty, beginnings.isEmpty { return nil }
  }

  func isFound(in words: Words) -> Bool {
    whole.allSatisfy(words.all.contains)
      && beginnings.allSatisfy { beginning in words.all.contains { $0.starts(with: beginning) } }
  }

  /// As FTS5 takes it; a word has no quotation mark in it.
  var match: String {
    (whole.map { "\"\(String(decoding: $0, as: UTF8.self))\"" }
      + beginnings.map { "\"\(String(decoding: $0, as: UTF8.self))\" *" }).joined(separator: " AND ")
  }
}
