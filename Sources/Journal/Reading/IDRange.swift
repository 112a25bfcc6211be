// SPDX-License-Identifier: Apache-2.0

/// The ids of 16 bytes that begin with some hexadecimal digits.
struct IDRange: Sendable {
  let lowest: [UInt8]
  let highest: [UInt8]

  /// Nil when it is not 1 to 32 hexadecimal digits: then no id begins so.
  init?(_ prefix: String) {
    let digits = prefix.compactMap(\.hexDigitValue)
    guard digits.count == prefix.count, 1...32 ~= digits.count else { return nil }
    lowest = Self.bytes(digits, rest: 0)
    highest = Self.bytes(digits, rest: 15)
  }

  private static func bytes(_ digits: [Int], rest: Int) -> [UInt8] {
    let all = digits + [Int](repeating: rest, count: 32 - digits.count)
    return stride(from: 0, to: 32, by: 2).map { UInt8(truncatingIfNeeded: all[$0] << 4 | all[$0 + 1]) }
  }
}
