// SPDX-License-Identifier: Apache-2.0

/// Goes through the events for which a query holds.
struct EventWalk {
  private var search: Search
  private let words: WordSearch?
  private let match: String
  private let bodies: any BodyReading

  /// Nil when the query names what the journal has never seen.
  init?(
    _ query: EventQuery, _ bodies: any BodyReading, _ connection: borrowing Connection
  ) throws(SQLiteError) {
    guard var search = try Search(query, connection) else { return nil }
    words = query.text
    match = query.text.map { search.parameters.add($0.match) } ?? ""
    self.search = search
    self.bodies = bodies
  }

  /// What of the events is read, and in what order.
  struct Reading {
    /// Columns of `e`; the first is its number.
    var columns: String
    /// Tables that other columns are of.
    var joins = ""
    var cursor = NumberRange()
    /// Nil = in any order.
    var ascending: Bool?
    var limit: Int?
  }

  /// Hands over one row after another until `body` returns false, or the limit is reached.
  func rows(
    _ reading: Reading, _ connection: borrowing Connection,
    _ body: (borrowing Row) throws(SQLiteError) -> Bool
  ) throws(SQLiteError) {
    var search = search
    search.range = search.range.intersection(reading.cursor)
    guard let words else {
      let selection = selection(try search.route(connection), within: search.range, reading)
      return try connection.prepare(selection.sql).rows(selection.values, body)
    }
    var count = 0
    var goesOn = true
    func take(_ row: borrowing Row) throws(SQLiteError) -> Bool {
      count += 1
      goesOn = try body(row) && count < reading.limit ?? .max
      return goesOn
    }
    let look = try BodyLook(words, bodies, connection)
    let parts = try WordPart.all(connection)
    for step in try steps(parts, &search, reading, connection) where goesOn {
      let selection = selection(step.route, within: step.range, reading, isLooked: step.isLooked)
      try connection.prepare(selection.sql).rows(selection.values) { row throws(SQLiteError) in
        if step.isLooked, try !look.finds(row.integer(0)) { return true }
        return try take(row)
      }
    }
  }

  /// SQL that picks what a list shows, where no text is searched for: what its plan can be asked of.
  func selection(_ reading: Reading, _ connection: borrowing Connection) throws(SQLiteError) -> Selection {
    var search = search
    search.range = search.range.intersection(reading.cursor)
    return selection(try search.route(connection), within: search.range, reading)
  }

  // MARK: Text

  /// A stretch of numbers, and how events with the words are found in it.
  private struct Step {
    var route: Route
    var range: NumberRange
    /// Whether the body of each is looked at.
    var isLooked: Bool
  }

  /// The stretches in order: what is not in the index yet, and the index's parts.
  ///
  /// Where other conditions leave fewer events than the words do, the bodies of all of those are looked at instead.
  private func steps(
    _ parts: [WordPart], _ search: inout Search, _ reading: Reading, _ connection: borrowing Connection
  ) throws(SQLiteError) -> [Step] {
    let indexed = parts.last?.last ?? 0
    let terms = search.filters.map(\.term)
    var found = 0
    var steps: [Step] = []
    let route = try search.route(connection, isCounted: true)
    let bound = route.count ?? Search.few + 1
    for part in parts {
      let range = search.range.intersection(NumberRange(above: part.first - 1, below: part.last + 1))
      if let above = range.above, let below = range.below, above + 1 >= below { continue }
      let branch = Branch(
        source: "\(part.table) CROSS JOIN events e ON e.number = \(part.table).rowid", key: "\(part.table).rowid",
        terms: ["\(part.table) MATCH \(match)"])
      steps.append(
        Step(route: Route(way: Way(branches: [branch]), terms: terms, count: nil), range: range, isLooked: false))
      guard found < bound else { continue }
      let counted = Branch(source: part.table, key: branch.key, terms: branch.terms).select([], within: range)
      found +=
        try connection.prepare("SELECT count(*) FROM (\(counted) LIMIT \(bound - found))")
        .first(search.parameters.values) { row throws(SQLiteError) in Int(row.integer(0)) } ?? 0
    }
    if let count = route.count, count <= found {
      return [Step(route: route, range: search.range, isLooked: true)]
    }
    search.range = search.range.intersection(NumberRange(above: indexed))
    let rest = Step(route: try search.route(connection), range: search.range, isLooked: true)
    return reading.ascending == false ? [rest] + steps.reversed() : steps + [rest]
  }

  // MARK: SQL

  private func selection(
    _ route: Route, within range: NumberRange, _ reading: Reading, isLooked: Bool = false
  ) -> Selection {
    // What is looked at is not known to be wanted: there is no limit to how many rows that takes.
    let limit = isLooked ? nil : reading.limit
    let order = reading.ascending.map { $0 ? "ASC" : "DESC" }
    guard limit == nil, route.way.gathered == nil, route.way.branches.count == 1 else {
      let keys = route.way.keys(
        route.terms, within: range, ascending: limit == nil ? nil : reading.ascending, limit: limit)
      return Selection(
        sql: "SELECT \(reading.columns) FROM (\(keys)) AS k CROSS JOIN events e ON e.number = k.key\(reading.joins)"
          + (order.map { " ORDER BY e.number \($0)" } ?? ""),
        values: search.parameters.values)
    }
    // One way and all its rows: read where they are found.
    let branch = route.way.branches[0]
    let terms = branch.terms + range.terms(branch.key) + route.terms
    return Selection(
      sql: "SELECT \(reading.columns) FROM \(branch.source)\(branch.row)\(reading.joins)"
        + (terms.isEmpty ? "" : " WHERE " + terms.joined(separator: " AND "))
        + (order.map { " ORDER BY \(branch.key) \($0)" } ?? ""),
      values: search.parameters.values)
  }
}

/// Looks for words in the bodies of events, one at a time.
private struct BodyLook {
  private let words: WordSearch
  private let bodies: any BodyReading
  private let content: Statement

  init(
    _ words: WordSearch, _ bodies: any BodyReading, _ connection: borrowing Connection
  ) throws(SQLiteError) {
    self.words = words
    self.bodies = bodies
    content = try connection.prepare(
      """
      SELECT s.name, e.received, c.envelope, c.body
      FROM events e CROSS JOIN contents c ON c.event = e.number LEFT JOIN sources s ON s.id = e.source
      WHERE e.number = ?1
      """)
  }

  func finds(_ event: Int64) throws(SQLiteError) -> Bool {
    try content.first(.integer(event)) { row throws(SQLiteError) in
      let body = StoredBody(
        source: row.text(0), envelope: row.blob(2), body: row.blob(3), received: row.integer(1))
      return words.isFound(in: Words(of: body, bodies))
    } ?? false
  }
}
