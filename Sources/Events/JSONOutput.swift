// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
  /// Appends the value as compact JSON in its original order.
  ///
  /// Numbers keep their text. A key that was there twice comes once, as in Python: at the first's place, with the
  /// last's value.
  ///
  /// - Parameters:
  ///   - output: Where the JSON is appended.
  ///   - unwrapping: Whether versioned objects are replaced by their data, at every level.
  package func appendJSON(to output: inout [UInt8], unwrapping: Bool) {
    let value = unwrapping ? unwrapped : self
    switch value.kind {
    case .array:
      output.append(UInt8(ascii: "["))
      var isFirst = true
      value.forEachElement { element in
        if !isFirst { output.append(UInt8(ascii: ",")) }
        isFirst = false
        element.appendJSON(to: &output, unwrapping: unwrapping)
        return true
      }
      output.append(UInt8(ascii: "]"))
    case .object:
      output.append(UInt8(ascii: "{"))
      var isFirst = true
      value.forEachDistinctMember { key, member in
        if !isFirst { output.append(UInt8(ascii: ",")) }
        isFirst = false
        output.appendJSON(text: key)
        output.append(UInt8(ascii: ":"))
        member.appendJSON(to: &output, unwrapping: unwrapping)
      }
      output.append(UInt8(ascii: "}"))
    case .string: value.withText { output.appendJSON(text: $0) }
    case .null: output.append(literal: "null")
    case .false, .true, .number: value.withText { output.append(contentsOf: $0) }
    }
  }

  /// Calls `body` for each member of an object, each key once: at the first's place, with the last's value.
  func forEachDistinctMember(_ body: (_ key: UnsafeBufferPointer<UInt8>, JSONValue) -> Void) {
    guard hasDuplicateKeys else {
      forEachMember { key, member in
        body(key, member)
        return true
      }
      return
    }
    for (first, last) in distinctChildren() {
      guard let node = document.node(first) else { return }
      body(document.key(of: node), child(last))
    }
  }

  private var hasDuplicateKeys: Bool {
    // Comparing each with each is the fastest way for what services send, and never done for what an attacker may.
    guard count <= 32 else { return true }
    var isDuplicate = false
    // A bit for each length and last byte that was seen: where it is a new one, there is nothing to compare with.
    var seen: UInt64 = 0
    forEachChild { index, node in
      let key = document.key(of: node)
      let bit: UInt64 = 1 << UInt64((key.count &* 5 &+ Int(key.last ?? 0)) & 63)
      guard seen & bit != 0 else {
        seen |= bit
        return true
      }
      forEachChild { other, candidate in
        isDuplicate = other < index && document.key(of: candidate).equals(key)
        return other < index && !isDuplicate
      }
      return !isDuplicate
    }
    return isDuplicate
  }

  /// For each distinct key in the order of its first member: the nodes of its first and of its last member.
  private func distinctChildren() -> [(first: UInt32, last: UInt32)] {
    var members: [(key: UnsafeBufferPointer<UInt8>, index: UInt32)] = []
    members.reserveCapacity(count)
    forEachChild { index, node in
      members.append((document.key(of: node), index))
      return true
    }
    members.sort { first, second in
      first.key.equals(second.key)
        ? first.index < second.index : first.key.lexicographicallyPrecedes(second.key)
    }
    var distinct: [(first: UInt32, last: UInt32)] = []
    var previous: UnsafeBufferPointer<UInt8>?
    for member in members {
      if let previous, previous.equals(member.key) {
        distinct[distinct.count - 1].last = member.index
      } else {
        distinct.append((member.index, member.index))
      }
      previous = member.key
    }
    return distinct.sorted { $0.first < $1.first }
  }
}

extension [UInt8] {
  mutating func append(literal: StaticString) {
    append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
  }

  /// Appends a JSON string.
  ///
  /// Escapes what JSON demands and nothing else; UTF-8 stays as it is.
  package mutating func appendJSON(text: some Sequence<UInt8>) {
    append(UInt8(ascii: "\""))
    if text.withContiguousStorageIfAvailable({ appendEscaped($0) }) == nil {
      Array(text).withUnsafeBufferPointer { appendEscaped($0) }
    }
    append(UInt8(ascii: "\""))
  }

  /// Appends stretches without anything to escape as they are, which most texts are from end to end.
  private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
    var start = 0
    while let place = text.firstToEscape(from: start) {
      append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<place]))
      appendEscape(text[place])
      start = place + 1
    }
    append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
  }

  private mutating func appendEscape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\n"): append(literal: "\\n")
    case UInt8(ascii: "\r"): append(literal: "\\r")
    case UInt8(ascii: "\t"): append(literal: "\\t")
    case 0x08: append(literal: "\\b")
    case 0x0C: append(literal: "\\f")
    case 0..<0x20:
      append(literal: "\\u00")
      append(contentsOf: byte < 0x10 ? "0".utf8 : "1".utf8)
      append(contentsOf: String(byte & 0x0F, radix: 16).utf8)
    default:
      append(UInt8(ascii: "\\"))
      append(byte)
    }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Where the first byte stands, from a place on, that a JSON string cannot hold as it is.
  ///
  /// Looks at eight bytes at once; the last eight overlap with those before them.
  fileprivate func firstToEscape(from start: Int) -> Int? {
    guard count - start >= 8 else { return self[start...].firstIndex(where: Self.isEscaped) }
    let raw = UnsafeRawBufferPointer(self)
    var place = start
    while true {
      let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      let found = Self.below(0x20, word) | Self.below(1, word ^ Self.quotes) | Self.below(1, word ^ Self.backslashes)
      if found != 0 { return place + found.trailingZeroBitCount / 8 }
      guard place < count - 8 else { return nil }
      place = Swift.min(place + 8, count - 8)
    }
  }

  private static func isEscaped(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private static var ones: UInt64 { 0x0101_0101_0101_0101 }
  private static var quotes: UInt64 { ones &* UInt64(UInt8(ascii: "\"")) }
  private static var backslashes: UInt64 { ones &* UInt64(UInt8(ascii: "\\")) }

  /// The high bit of the lowest byte that is below a limit; of bytes above that one it may err.
  ///
  /// Sean Anderson, Bit Twiddling Hacks, "Determine if a word has a byte less than n".
  private static func below(_ limit: UInt64, _ word: UInt64) -> UInt64 { (word &- ones &* limit) & ~word & (ones << 7) }
}
