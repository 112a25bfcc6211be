// SPDX-License-Identifier: Apache-2.0

/// How many characters a part of an expression can take: Python's look-behind wants exactly one number.
struct RegexWidth: Equatable {
  /// Stands for "no bound"; sums stay below it.
  static let unbounded = 1 << 32

  var least: Int
  var most: Int

  static let zero = RegexWidth(least: 0, most: 0)
  static let one = RegexWidth(least: 1, most: 1)

  var isFixed: Bool { least == most && most < Self.unbounded }

  func then(_ other: RegexWidth) -> RegexWidth {
    RegexWidth(
      least: min(least + other.least, Self.unbounded), most: min(most + other.most, Self.unbounded))
  }

  func or(_ other: RegexWidth) -> RegexWidth {
    RegexWidth(least: min(least, other.least), most: max(most, other.most))
  }

  /// The width of this repeated, `most` nil for no bound.
  func times(_ range: (least: Int, most: Int?)) -> RegexWidth {
    RegexWidth(
      least: Self.product(least, range.least),
      most: most == 0 ? 0 : range.most.map { Self.product(most, $0) } ?? Self.unbounded)
  }

  private static func product(_ a: Int, _ b: Int) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? unbounded : min(product, unbounded)
  }
}
