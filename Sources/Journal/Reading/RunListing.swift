// SPDX-License-Identifier: Apache-2.0

/// Lists runs.
enum RunListing {
  static func rows(_ query: RunQuery, _ connection: borrowing Connection) throws(SQLiteError) -> [StoredRun] {
    guard let selection = try selection(query, connection) else { return [] }
    return try connection.prepare(selection.sql).all(selection.values, make: run)
  }

  static func row(_ number: Int64, _ connection: borrowing Connection) throws(SQLiteError) -> StoredRun? {
    try connection.prepare("SELECT \(columns) FROM runs r \(names) WHERE r.number = ?1")
      .first(.integer(number), make: run)
  }

  /// The first two runs whose id lies between two, both included.
  static func rows(
    idFrom lowest: [UInt8], to highest: [UInt8], _ connection: borrowing Connection
  ) throws(SQLiteError) -> [StoredRun] {
    try connection.prepare(idSelection).all([.blob(lowest), .blob(highest)], make: run)
  }

  static let idSelection = """
    SELECT \(columns) FROM runs r INDEXED BY runs_id \(names) WHERE r.id BETWEEN ?1 AND ?2 ORDER BY r.id LIMIT 2
    """

  /// The runs of some events, by event and number, at most `limit`.
  static func rows(
    ofEvents events: [Int64], limit: Int, _ connection: borrowing Connection
  ) throws(SQLiteError) -> [StoredRun] {
    guard !events.isEmpty else { return [] }
    return try connection.prepare(
      """
      SELECT \(columns) FROM runs r INDEXED BY runs_event \(names)
      WHERE r.event IN (\(SQLList.of(events))) ORDER BY r.event, r.number LIMIT \(limit)
      """
    ).all([], make: run)
  }

  /// How many there are on all pages, as far as is counted, and as far as the time allows.
  static func count(_ query: RunQuery, _ connection: borrowing Connection) throws(SQLiteError) -> BoundedCount {
    try BoundedCount { next throws(SQLiteError) in
      guard let search = try Search(query, connection) else { return }
      let route = try search.route(connection)
      let keys = route.way.keys(route.terms, within: search.range, ascending: nil, limit: BoundedCount.bound + 1)
      try connection.prepare(keys).rows(search.parameters.values) { _ throws(SQLiteError) in next() }
    }
  }

  /// The SQL for a query; nil when it names what the journal has never seen.
  static func selection(
    _ query: RunQuery, _ connection: borrowing Connection
  ) throws(SQLiteError) -> Selection? {
    guard var search = try Search(query, connection) else { return nil }
    let follows = query.changedAfter != nil
    if follows {
      // By change number there is one way only.
      for index in search.filters.indices { search.filters[index].way = nil }
      search.scan = Way(branches: [Branch(source: "runs r INDEXED BY runs_change", key: "r.change")])
      search.range = NumberRange(above: query.changedAfter)
      search.filters += NumberRange(above: query.after, below: query.before).terms("r.number").map { Filter($0) }
    } else {
      search.range = search.range.intersection(NumberRange(above: query.after, below: query.before))
    }
    let ascending = follows || query.after != nil
    let route = try search.route(connection)
    let keys = route.way.keys(
      route.terms, within: search.range, ascending: ascending, limit: min(max(query.limit, 1), 1_000))
    let column = follows ? "r.change" : "r.number"
    let index = follows ? "INDEXED BY runs_change" : ""
    return Selection(
      sql: "SELECT \(columns) FROM (\(keys)) AS k CROSS JOIN runs r \(index) ON \(column) = k.key \(names) "
        + "ORDER BY \(column) \(ascending ? "ASC" : "DESC")",
      values: search.parameters.values)
  }

  /// When the first pending run of each action was accepted, by the index of open runs.
  static func oldestPending(_ connection: borrowing Connection) throws(SQLiteError) -> [String: Int64] {
    var oldest: [String: Int64] = [:]
    let rows = try connection.prepare(
      """
      SELECT a.name, (
        SELECT r.created FROM runs r INDEXED BY runs_open
        WHERE r.action = a.id AND r.ended IS NULL AND r.state = 'pending' ORDER BY r.place LIMIT 1
      ) FROM actions a
      """)
    try rows.rows([]) { row throws(SQLiteError) in
      if let created = row.optionalInteger(1) { oldest[row.text(0)] = created }
      return true
    }
    return oldest
  }

  private static let columns = """
    r.number, lower(hex(r.id)), r.event, t.name, e.subject, a.name, r.state, r.attempts, r.unclean, r.change, \
    r.created, r.ended, r.due_wall, r.outcome, r.reason, r.replay, \
    r.state IN ('pending', 'waiting') AND r.queued = 0 AND r.head = 0, \
    (SELECT started FROM attempts f WHERE f.run = r.number AND f.attempt = 1)
    """
  private static let names = """
    LEFT JOIN events e ON e.number = r.event LEFT JOIN types t ON t.id = e.type LEFT JOIN actions a ON a.id = r.action
    """

  private static func run(_ row: borrowing Row) throws(SQLiteError) -> StoredRun {
    let text = row.text(6)
    guard let state = RunState(rawValue: text) else {
      throw SQLiteError(corruption: "the run \(row.integer(0)) has the unknown state '\(text)'")
    }
    return StoredRun(
      number: row.integer(0), id: row.text(1), event: row.integer(2), eventType: row.text(3),
      subject: row.optionalText(4), action: row.text(5), state: state, attempts: row.integer(7),
      unclean: row.integer(8), change: row.integer(9), created: row.integer(10),
      started: row.optionalInteger(17), ended: row.optionalInteger(11),
      due: row.optionalInteger(12), outcome: row.optionalText(13), reason: row.optionalText(14),
      isReplay: row.boolean(15), isAside: row.boolean(16))
  }
}
