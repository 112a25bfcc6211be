// SPDX-License-Identifier: Apache-2.0

/// A question in SQL: what picks the rows, and the values that it is given.
struct Selection {
  var sql: String
  var values: [SQLValue]
}

/// Gathers the conditions of a question and numbers their parameters, which several branches of it share.
struct Conditions {
  private(set) var terms: [String] = []
  private(set) var values: [SQLValue] = []

  /// The name of a parameter with this value.
  mutating func parameter(_ value: SQLValue) -> String {
    values.append(value)
    return "?\(values.count)"
  }

  mutating func require(_ column: String, _ relation: String, _ value: SQLValue?) {
    guard let value else { return }
    terms.append("\(column) \(relation) \(parameter(value))")
  }

  mutating func require(_ term: String) { terms.append(term) }

  /// Numbers of our own tables need no parameter each.
  static func list(_ numbers: [Int64]) -> String { numbers.map(String.init).joined(separator: ", ") }
  static func list(_ states: [RunState]) -> String { states.map { "'\($0.rawValue)'" }.joined(separator: ", ") }
}

/// One way to the rows: a table with the index that finds them in order, and what holds for them there.
///
/// A question may have several ways, one per type for instance. SQLite merges what they bring, each in order, and stops
/// at the limit; a list in one condition would make it gather and sort all rows first.
struct Branch {
  var source: String
  /// The column that the rows are ordered by, as this table has it.
  var key: String
  var terms: [String] = []
}

extension [Branch] {
  /// The keys of the first rows that any branch brings.
  ///
  /// `isDistinct` says that two branches may bring the same row. The limit is moved to 1 to 1 000.
  func picking(
    _ conditions: [String], isDistinct: Bool = false, ascending: Bool, limit: Int
  ) -> String {
    let selects = map { branch in
      let terms = branch.terms + conditions
      return "SELECT \(branch.key) AS key FROM \(branch.source)"
        + (terms.isEmpty ? "" : " WHERE " + terms.joined(separator: " AND "))
    }
    let order = count == 1 ? self[0].key : "key"
    return selects.joined(separator: isDistinct ? " UNION " : " UNION ALL ")
      + " ORDER BY \(order) \(ascending ? "ASC" : "DESC") LIMIT \(Swift.min(Swift.max(limit, 1), 1_000))"
  }
}
