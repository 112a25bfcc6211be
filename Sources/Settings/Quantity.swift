// SPDX-License-Identifier: Apache-2.0

/// Numbers with units: durations and sizes, from text and to text.
enum Quantity {
  private static let milliseconds: [(unit: String, factor: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]
  private static let sizes: [(unit: String, factor: Int)] = [
    ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
  ]

  /// Decimal digits and nothing else.
  static func digits(_ text: some StringProtocol) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
    return Int(text)
  }

  /// Decimal digits, with a point and more of them or without.
  static func number(_ text: String) -> Double? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } }) else { return nil }
    return Double(text)
  }

  /// A duration in digits and one unit; a bare number is seconds.
  static func duration(_ text: String) -> Duration? {
    let (number, unit) = split(text)
    guard let number = digits(number).map(Int64.init),
      let factor = milliseconds.first(where: { $0.unit == (unit.isEmpty ? "s" : unit) })?.factor
    else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? nil : .milliseconds(product)
  }

  /// A number of bytes in digits and one unit, a power of 1024; a bare number is bytes.
  static func bytes(_ text: String) -> Int? {
    let (number, unit) = split(text)
    guard let number = digits(number),
      let factor = sizes.first(where: { $0.unit.lowercased() == (unit.isEmpty ? "b" : unit.lowercased()) })?.factor
    else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? nil : product
  }

  /// A duration in its largest whole unit; a part of a millisecond is dropped.
  static func text(_ duration: Duration) -> String {
    let parts = duration.components
    let total = parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000
    guard total != 0 else { return "0s" }
    let whole = milliseconds.first { total % $0.factor == 0 } ?? ("ms", 1)
    return "\(total / whole.factor)\(whole.unit)"
  }

  /// A number without the point that it does not need.
  static func text(_ number: Double) -> String {
    let text = String(number)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// A number of bytes in its largest whole unit.
  static func text(bytes: Int) -> String {
    guard bytes != 0 else { return "0" }
    let whole = sizes.first { bytes % $0.factor == 0 } ?? ("B", 1)
    return whole.factor == 1 ? String(bytes) : "\(bytes / whole.factor)\(whole.unit)"
  }

  private static func split(_ text: String) -> (number: Substring, unit: String) {
    let number = text.prefix { $0.isASCII && $0.isNumber }
    return (number, String(text[number.endIndex...].drop { $0 == " " }))
  }
}
