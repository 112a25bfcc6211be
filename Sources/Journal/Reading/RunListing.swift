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

  /// The SQL for a query; nil when it names what the journal has never seen.
  static func selection(
    _ query: RunQuery, _ connection: borrowing Connection
  ) throws(SQLiteError) -> Selection? {
    var conditions = Conditions()
    if let action = query.action {
      guard let number = try NameLookup.action(action, connection) else { return nil }
      conditions.require("r.action = \(number)")
    }
    conditions.require("r.event", "=", query.event.map(SQLValue.integer))
    conditions.require("r.created", ">=", query.since.map(SQLValue.integer))
    conditions.require("r.created", "<", query.until.map(SQLValue.integer))
    conditions.require("r.number", "<", query.before.map(SQLValue.integer))
    conditions.require("r.change", ">", query.changedAfter.map(SQLValue.integer))
    conditions.require("e.subject", "=", query.subject.map(SQLValue.text))
    if let type = query.type {
      let types = try NameLookup.types(type, connection)
      guard !types.isEmpty else { return nil }
      conditions.require("e.type IN (\(Conditions.list(types)))")
    }
    let follows = query.changedAfter != nil
    var branches = branches(query)
    if query.subject != nil || query.type != nil {
      // A plain join might begin with the events.
      for index in branches.indices { branches[index].source += " CROSS JOIN events e ON e.number = r.event" }
    }
    let keys = branches.picking(conditions.terms, ascending: follows, limit: query.limit)
    let column = follows ? "r.change" : "r.number"
    let index = follows ? "INDEXED BY runs_change" : ""
    return Selection(
      sql: "SELECT \(columns) FROM (\(keys)) AS k CROSS JOIN runs r \(index) ON \(column) = k.key \(names) "
        + "ORDER BY \(column) \(follows ? "ASC" : "DESC")",
      values: conditions.values)
  }

  /// The index that finds all runs of a state, with the term without which SQLite does not use it.
  ///
  /// The ended states that nobody has to look at have none: most runs are in one of them.
  static func index(of state: RunState) -> (index: String, term: String)? {
    switch state {
    case .failed, .held, .refused, .expired:
      ("runs_attention", "r.state IN ('failed', 'held', 'refused', 'expired')")
    case .pending, .running, .waiting: ("runs_open", "r.ended IS NULL")
    case .succeeded, .observed, .discarded: nil
    }
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

  /// Chooses the indexes by which the runs are found.
  private static func branches(_ query: RunQuery) -> [Branch] {
    let inState = query.states.isEmpty ? [] : ["r.state IN (\(Conditions.list(query.states)))"]
    if query.changedAfter != nil {
      return [Branch(source: "runs r INDEXED BY runs_change", key: "r.change", terms: inState)]
    }
    if query.event != nil { return [Branch(source: "runs r INDEXED BY runs_event", key: "r.number", terms: inState)] }
    var branches: [Branch] = []
    var open: [RunState] = []
    var others: [RunState] = []
    for state in RunState.allCases where query.states.contains(state) {
      switch index(of: state) {
      case ("runs_attention", let term)?:
        branches.append(
          Branch(
            source: "runs r INDEXED BY runs_attention", key: "r.number",
            terms: [term, "r.state = '\(state.rawValue)'"]))
      case .some: open.append(state)
      case nil: others.append(state)
      }
    }
    if !open.isEmpty {
      branches.append(
        Branch(
          source: "runs r INDEXED BY runs_open", key: "r.number",
          terms: ["r.ended IS NULL", "r.state IN (\(Conditions.list(open)))"]))
    }
    if query.states.isEmpty {
      branches.append(Branch(source: "runs r NOT INDEXED", key: "r.number"))
    } else if !others.isEmpty {
      branches.append(
        Branch(
          source: "runs r NOT INDEXED", key: "r.number", terms: ["r.state IN (\(Conditions.list(others)))"]))
    }
    return branches
  }

  private static let columns = """
    r.number, lower(hex(r.id)), r.event, t.name, e.subject, a.name, r.state, r.attempts, r.unclean, r.change, \
    r.created, r.ended, r.due_wall, r.outcome, r.reason, r.replay, \
    r.state IN ('pending', 'waiting') AND r.queued = 0 AND r.head = 0
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
      unclean: row.integer(8), change: row.integer(9), created: row.integer(10), ended: row.optionalInteger(11),
      due: row.optionalInteger(12), outcome: row.optionalText(13), reason: row.optionalText(14),
      isReplay: row.boolean(15), isAside: row.boolean(16))
  }
}
