// SPDX-License-Identifier: Apache-2.0

/// Finds the numbers that stand for names, and the names that are in use.
enum NameLookup {
  static func action(_ name: String, _ connection: borrowing Connection) throws(SQLiteError) -> Int64? {
    try connection.prepare("SELECT id FROM actions WHERE name = ?1").first(.text(name)) {
      row throws(SQLiteError) in row.integer(0)
    }
  }

  /// The types that a list of patterns names, and that are wanted.
  static func types(
    _ patterns: String?, _ isWanted: (@Sendable (String) -> Bool)?, _ connection: borrowing Connection
  ) throws(SQLiteError) -> [Int64] {
    let patterns = patterns.map(TypePatterns.init)
    var found: [Int64] = []
    try connection.prepare("SELECT id, name FROM types ORDER BY name").rows([]) { row throws(SQLiteError) in
      let name = row.text(1)
      if patterns?.matches(name) ?? true, isWanted?(name) ?? true { found.append(row.integer(0)) }
      return true
    }
    return found
  }

  /// The names behind the numbers of a table: types, sources or actions.
  static func names(_ table: String, _ connection: borrowing Connection) throws(SQLiteError) -> [Int64: String] {
    var names: [Int64: String] = [:]
    try connection.prepare("SELECT id, name FROM \(table)").rows([]) { row throws(SQLiteError) in
      names[row.integer(0)] = row.text(1)
      return true
    }
    return names
  }

  /// The kinds of objects, each found by one step into the index, since `SELECT DISTINCT` would read all of it.
  static func kinds(_ connection: borrowing Connection) throws(SQLiteError) -> [String] {
    let next = try connection.prepare("SELECT min(kind) FROM event_objects WHERE kind > ?1")
    var kinds: [String] = []
    var last = SQLValue.text("")
    // More kinds than this would make a question of more branches than SQLite takes.
    while kinds.count < 100 {
      let kind = try next.first(last) { row throws(SQLiteError) in row.optionalText(0) } ?? nil
      guard let kind else { break }
      kinds.append(kind)
      last = .text(kind)
    }
    return kinds
  }
}
