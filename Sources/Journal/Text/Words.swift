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

  private(set) var all = WordSet()
  /// The one that stood last.
  private(set) var last: [UInt8]?
  private var rest = textLimit

  /// The words of a body's texts, keys and values.
  init(of body: StoredBody, _ bodies: any BodyReading) {
    bodies.forEachText(of: body) { add($0, keepsLast: false) }
  }

  init(_ text: String) {
    var text = text
    text.withUTF8 { _ = add($0, keepsLast: true) }
  }

  /// As the index takes them.
  var joined: String { String(decoding: all.joined, as: UTF8.self) }

  /// Adds the words of one text; false once there is no room for more.
  private mutating func add(_ text: UnsafeBufferPointer<UInt8>, keepsLast: Bool) -> Bool {
    let text = UnsafeBufferPointer(rebasing: text.prefix(rest))
    rest -= text.count
    var index = 0
    while index < text.count {
      let byte = text[index]
      guard byte < 0x80 else {
        addBeyondASCII(text, &index, keepsLast)
        continue
      }
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): all.append(byte)
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): all.append(byte | 0x20)
      default: end(keepsLast)
      }
      index += 1
    }
    end(keepsLast)
    return rest > 0
  }

  /// One character: a letter or number belongs to the word, with the marks upon it; anything else ends it.
  private mutating func addBeyondASCII(_ text: UnsafeBufferPointer<UInt8>, _ index: inout Int, _ keepsLast: Bool) {
    var bytes = text[index...].makeIterator()
    var decoder = UTF8()
    guard case .scalarValue(let scalar) = decoder.decode(&bytes) else {
      index += 1
      return end(keepsLast)
    }
    index += UTF8.width(scalar)
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber, .nonspacingMark, .spacingMark:
      let letters = Array(scalar.properties.lowercaseMapping.utf8)
      all.append(letters)
    default: end(keepsLast)
    }
  }

  private mutating func end(_ keepsLast: Bool) {
    guard all.isInWord else { return }
    if keepsLast { last = all.word }
    all.endWord()
  }
}

/// Words, each once and in the order in which they came, in one piece of memory: an event has about a hundred.
struct WordSet: RandomAccessCollection {
  /// With a space after each, and then the one that is being put together.
  private var bytes: [UInt8] = []
  /// Where each begins, and where the one that is being put together does.
  private var starts: [Int32] = [0]
  /// One more than the number of the word that has this place; 0 = free.
  ///
  /// There are a power of two of them.
  private var places: [Int32] = []
  private var hash = Self.emptyHash

  /// Nobody can foresee which words share a place.
  private static let emptyHash = UInt64.random(in: .min ... .max)

  var startIndex: Int { 0 }
  var endIndex: Int { starts.count - 1 }
  private var start: Int { Int(starts[starts.count - 1]) }

  /// Whether a word has been begun.
  var isInWord: Bool { bytes.count > start }
  /// The word that is being put together.
  var word: [UInt8] { Array(bytes[start...]) }

  /// All of them, with a space between two.
  var joined: ArraySlice<UInt8> { bytes.prefix(isEmpty ? 0 : start - 1) }

  mutating func append(_ byte: UInt8) {
    if bytes.count - start < Words.longest { add(byte) }
  }

  /// Adds the bytes of one character; never half of them.
  mutating func append(_ character: [UInt8]) {
    guard bytes.count - start + character.count <= Words.longest else { return }
    for byte in character { add(byte) }
  }

  /// FNV-1a: Fowler, Noll and Vo.
  private mutating func add(_ byte: UInt8) {
    bytes.append(byte)
    hash = Self.hash(hash, byte)
  }

  private static func hash(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }

  /// Takes the word that was put together, unless it is here already.
  mutating func endWord() {
    defer { hash = Self.emptyHash }
    if 2 * count >= places.count { grow() }
    let place = place(of: bytes[start...], hash)
    guard places[place] == 0 else {
      bytes.removeSubrange(start...)
      return
    }
    places[place] = Int32(starts.count)
    bytes.append(UInt8(ascii: " "))
    starts.append(Int32(bytes.count))
  }

  func contains(_ word: [UInt8]) -> Bool {
    guard !isEmpty else { return false }
    return places[place(of: word[...], word.reduce(Self.emptyHash, Self.hash))] != 0
  }

  subscript(number: Int) -> ArraySlice<UInt8> { bytes[Int(starts[number])..<Int(starts[number + 1]) - 1] }

  /// Where a word is, or would be.
  private func place(of word: ArraySlice<UInt8>, _ hash: UInt64) -> Int {
    let mask = places.count - 1
    var place = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
    while places[place] != 0, self[Int(places[place]) - 1] != word { place = (place + 1) & mask }
    return place
  }

  private mutating func grow() {
    places = Array(repeating: 0, count: places.isEmpty ? 256 : 2 * places.count)
    for number in 0..<count {
      places[place(of: self[number], self[number].reduce(Self.emptyHash, Self.hash))] = Int32(number + 1)
    }
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
      let words = Words(String(part))
      let beginning = part.hasSuffix("*") ? words.last : nil
      if let beginning { beginnings.append(beginning) }
      whole += words.all.map(Array.init).filter { $0 != beginning }
        .sorted { $0.lexicographicallyPrecedes($1) }
    }
    if whole.isEmpty, beginnings.isEmpty { return nil }
  }

  func isFound(in words: Words) -> Bool {
    whole.allSatisfy(words.all.contains)
      && beginnings.allSatisfy { beginning in words.all.contains(where: { $0.starts(with: beginning) }) }
  }

  /// As FTS5 takes it; a word has no quotation mark in it.
  var match: String {
    (whole.map { "\"\(String(decoding: $0, as: UTF8.self))\"" }
      + beginnings.map { "\"\(String(decoding: $0, as: UTF8.self))\" *" }).joined(separator: " AND ")
  }
}
