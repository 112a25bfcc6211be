// SPDX-License-Identifier: Apache-2.0

extension Event {
  /// The instant that a text names, as nanoseconds since 1970; nil where it is none, or outside of 1678 to 2262.
  ///
  /// ISO 8601, a text without a zone is UTC; what `instant(_:)` writes is read back to the microsecond.
  package static func nanoseconds(ofInstant text: String) -> Int64? {
    var text = text
    return text.withUTF8 { Timestamp($0) }?.nanosecondsSince1970
  }

  /// Whether a text names an instant and says itself how far its clock is from UTC.
  package static func isInstantWithOffset(_ text: String) -> Bool {
    guard nanoseconds(ofInstant: text) != nil else { return false }
    // What follows the date, which has dashes of its own.
    let clock = text.utf8.dropFirst(10)
    return clock.contains { "Zz+-".utf8.contains($0) }
  }
}

extension Timestamp {
  /// Nil where 64 bits do not hold it.
  fileprivate var nanosecondsSince1970: Int64? {
    let (seconds, overflow) = Int64(secondsSince1970).multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return nil }
    let (sum, isBeyond) = seconds.addingReportingOverflow(Int64(nanoseconds))
    return isBeyond ? nil : sum
  }
}
