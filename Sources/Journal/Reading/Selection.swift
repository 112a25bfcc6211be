// SPDX-License-Identifier: Apache-2.0

/// A question in SQL: what picks the rows, and the values that it is given.
struct Selection {
  var sql: String
  var values: [SQLValue]
}

/// Numbers the values of a question, which its branches share.
struct Parameters {
  private(set) var values: [SQLValue] = []

  /// The name of a parameter with this value.
  mutating func add(_ value: SQLValue) -> String {
    values.append(value)
    return "?\(values.count)"
  }

  mutating func add(_ text: String) -> String { add(.text(text)) }
}

/// Lists in SQL of what needs no parameter each: numbers of our own tables, names of our own states.
enum SQLList {
  static func of(_ numbers: [Int64]) -> String { numbers.map(String.init).joined(separator: ", ") }
  static func of(_ states: [RunState]) -> String { states.map { "'\($0.rawValue)'" }.joined(separator: ", ") }
}

/// One way to the rows: a table with the index that finds them, and what holds for them there.
///
/// A question may have several ways, one per type for instance. SQLite merges what they bring, each in order, and stops
/// at the limit; a list in one condition would make it gather and sort all rows first.
struct Branch {
  var source: String
  /// The column that the rows are ordered by, as this table has it.
  var key: String
  var terms: [String] = []
  /// Joins the row itself, which conditions are about; empty where `source` has it.
  var row = ""

  /// The keys of the rows for which more conditions hold too.
  func select(_ conditions: [String], within range: NumberRange, as name: String = " AS key") -> String {
    let all = terms + range.terms(key) + conditions
    return "SELECT \(key)\(name) FROM \(source)\(conditions.isEmpty ? "" : row)"
      + (all.isEmpty ? "" : " WHERE " + all.joined(separator: " AND "))
  }
}

/// The rows of one or several branches.
struct Way {
  var branches: [Branch]
  /// Whether two branches may bring the same row.
  var isDistinct = false
  /// The table that the rows are of, where the branches bring them in no order: they are gathered and sorted first.
  var gathered: Branch?

  /// SQL whose rows are the keys, in order where there is one, at most `limit`.
  func keys(
    _ conditions: [String], within range: NumberRange, ascending: Bool?, limit: Int?
  ) -> String {
    let order = ascending.map { $0 ? "ASC" : "DESC" }
    let bound = limit.map { " LIMIT \($0)" } ?? ""
    if var table = gathered {
      table.terms = ["\(table.key) IN (\(union([], within: range)))"]
      return table.select(conditions, within: NumberRange()) + (order.map { " ORDER BY \(table.key) \($0)" } ?? "")
        + bound
    }
    let key = branches.count == 1 ? branches[0].key : "key"
    return union(conditions, within: range) + (order.map { " ORDER BY \(key) \($0)" } ?? "") + bound
  }

  private func union(_ conditions: [String], within range: NumberRange) -> String {
    branches.map { $0.select(conditions, within: range) }.joined(separator: isDistinct ? " UNION " : " UNION ALL ")
  }
}
