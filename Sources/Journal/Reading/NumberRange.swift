// SPDX-License-Identifier: Apache-2.0

/// The numbers of rows that may be asked for, both ends left out.
///
/// Numbers are given in the order of receipt, and so are times, but for a clock that was set back and for sources that
/// hand over a little late. The writer notes as the fact `disorder` how far back the times ever went: with it, a range of
/// times is a range of numbers by a search that halves, and needs no index. It holds more rows than are asked for, never
/// fewer.
struct NumberRange: Equatable {
  var above: Int64?
  var below: Int64?

  /// What holds for a number in the range.
  func terms(_ key: String) -> [String] {
    (below.map { ["\(key) < \($0)"] } ?? []) + (above.map { ["\(key) > \($0)"] } ?? [])
  }

  func intersection(_ other: NumberRange) -> NumberRange {
    NumberRange(
      above: [above, other.above].compactMap { $0 }.max(), below: [below, other.below].compactMap { $0 }.min())
  }

  init(above: Int64? = nil, below: Int64? = nil) {
    self.above = above
    self.below = below
  }

  /// The rows of a table that have a time at or after, and before.
  init(
    of table: TimedTable, since: Int64?, until: Int64?, _ connection: borrowing Connection
  ) throws(SQLiteError) {
    self.init()
    guard since != nil || until != nil else { return }
    let fact = try connection.prepare("SELECT CAST(value AS INTEGER) FROM facts WHERE name = 'disorder'").first {
      row throws(SQLiteError) in row.integer(0)
    }
    guard let disorder = fact else { return }
    let look = try connection.prepare(
      "SELECT number, \(table.time) FROM \(table.rawValue) WHERE number >= ?1 ORDER BY number LIMIT 1")
    // Asked for together they would be looked for in the whole table; each by itself is an end of it.
    let ends = try connection.prepare(
      "SELECT (SELECT min(number) FROM \(table.rawValue)), (SELECT max(number) FROM \(table.rawValue))"
    ).first { row throws(SQLiteError) in row.isNull(0) ? nil : (row.integer(0), row.integer(1)) }
    guard let (first, last) = ends ?? nil else { return }
    /// The first number found whose time is at or after one; nil where none is. Those before it that are, too, are
    /// within the disorder.
    func number(at time: Int64) throws(SQLiteError) -> (before: Int64, at: Int64?) {
      var (low, high) = (first - 1, last + 1)
      while high - low > 1 {
        let middle = low + (high - low) / 2
        let row = try look.first(.integer(middle)) { row throws(SQLiteError) in (row.integer(0), row.integer(1)) }
        guard let row else {
          high = middle
          continue
        }
        if row.1 >= time { high = middle } else { low = row.0 }
      }
      return (low, high > last ? nil : high)
    }
    if let since {
      let (time, isBelow) = since.subtractingReportingOverflow(disorder)
      if !isBelow { above = try number(at: time).before }
    }
    if let until {
      let (time, isAbove) = until.addingReportingOverflow(disorder)
      if !isAbove { below = try number(at: time).at }
    }
  }

  /// A table whose numbers grow with a time.
  enum TimedTable: String {
    case events, runs

    var time: String {
      switch self {
      case .events: "received"
      case .runs: "created"
      }
    }
  }
}
