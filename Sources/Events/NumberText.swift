// SPDX-License-Identifier: Apache-2.0

/// How two values stand to each other.
enum Ordering { case less, equal, greater }

/// A decimal number in its own text, such as `40`, `-1.10` or `2e3`: integers of any size compare exactly.
struct NumberText {
  private let text: UnsafeBufferPointer<UInt8>
  private let isNegative: Bool
  /// The digits of an integer without leading zeros, none for zero; nil for other numbers.
  private let digits: Slice<UnsafeBufferPointer<UInt8>>?

  /// Reads a number: a sign `-`, digits, a fraction and an exponent as in JSON; leading zeros may stand.
  init?(_ text: UnsafeBufferPointer<UInt8>) {
    var index = 0
    func digits() -> Int {
      let start = index
      while index < text.count, text[index] >= 0x30, text[index] <= 0x39 { index += 1 }
      return index - start
    }
    func take(_ character: Unicode.Scalar) -> Bool {
      guard index < text.count, text[index] == UInt8(ascii: character) else { return false }
      index += 1
      return true
    }
    isNegative = take("-")
    var first = index
    guard digits() > 0 else { return nil }
    let end = index
    if take("."), digits() == 0 { return nil }
    if take("e") || take("E") {
      _ = take("+") || take("-")
      guard digits() > 0 else { return nil }
    }
    guard index == text.count else { return nil }
    self.text = text
    if index == end {
      while first < end, text[first] == UInt8(ascii: "0") { first += 1 }
      self.digits = text[first..<end]
    } else {
      self.digits = nil
    }
  }

  /// Compares two integers digit by digit, other numbers as doubles; nil where a double cannot be made.
  func compared(to other: NumberText) -> Ordering? {
    guard let digits, let others = other.digits else {
      guard let left = double, let right = other.double else { return nil }
      return left < right ? .less : left > right ? .greater : left == right ? .equal : nil
    }
    let isNegative = isNegative && !digits.isEmpty
    let otherIsNegative = other.isNegative && !others.isEmpty
    if isNegative != otherIsNegative { return isNegative ? .less : .greater }
    let isSmaller =
      digits.count == others.count ? digits.lexicographicallyPrecedes(others) : digits.count < others.count
    if !isSmaller, digits.elementsEqual(others) { return .equal }
    return isSmaller != isNegative ? .less : .greater
  }

  private var double: Double? {
    // No sender writes a longer one, and converting thousands of digits again and again would take its time.
    guard text.count <= 128 else { return nil }
    return Double(String(decoding: text, as: UTF8.self))
  }
}
