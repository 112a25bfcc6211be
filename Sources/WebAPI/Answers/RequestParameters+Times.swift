// SPDX-License-Identifier: Apache-2.0

extension RequestParameters {
  static let timeNames = ["gt", "gte", "lt", "lte", "since", "until"]

  /// The times of receipt that are asked for: at or after the first, and before the second.
  ///
  /// `gt`, `gte`, `lt` and `lte` are instants, or lengths before now; `since` and `until` are other names of `gte` and
  /// `lt`. Each end may be given once.
  func times(now: Int64) throws(Problem) -> (since: Int64?, until: Int64?) {
    let since = try end(of: [("gte", 0), ("gt", 1), ("since", 0)], now)
    let until = try end(of: [("lt", 0), ("lte", 1), ("until", 0)], now)
    return (since, until)
  }

  /// One end of the range; `beyond` is added to the instant, so that the earlier end is part of the range and the later
  /// one is not.
  private func end(of names: [(name: String, beyond: Int64)], _ now: Int64) throws(Problem) -> Int64? {
    var found: (name: String, instant: Int64)?
    for (name, beyond) in names {
      guard let text = try text(name) else { continue }
      if let found {
        throw Problem(
          .invalid, "\(found.name) and \(name) are given, which are the same end of the range; give one", field: name,
          value: text)
      }
      guard let instant = TimeText.instant(text, now: now) else {
        throw Problem.invalid(
          name, text,
          expected: "an instant as ISO 8601, such as 2026-11-27T12:00:00Z, or now, -2h (s, m, h, d, w), now-1d")
      }
      let (moved, isBeyond) = instant.addingReportingOverflow(beyond)
      found = (name, isBeyond ? instant : moved)
    }
    return found?.instant
  }
}
