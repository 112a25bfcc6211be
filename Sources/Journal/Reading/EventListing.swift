// SPDX-License-Identifier: Apache-2.0

/// Lists events.
enum EventListing {
  /// From this many types on, a list reads all events and looks at their type.
  ///
  /// So many make up a good part of all events, and a merge of as many branches would cost more.
  static let mostBranches = 16

  static func rows(
    _ query: EventQuery, _ connection: borrowing Connection
  ) throws(SQLiteError) -> [StoredEvent] {
    guard let selection = try selection(query, connection) else { return [] }
    return try connection.prepare(selection.sql).all(selection.values, make: event)
  }

  static func row(_ number: Int64, _ connection: borrowing Connection) throws(SQLiteError) -> StoredEvent? {
    try connection.prepare("SELECT \(columns) FROM events e \(names) WHERE e.number = ?1")
      .first(.integer(number), make: event)
  }

  /// The SQL for a query; nil when it names what the journal has never seen.
  static func selection(
    _ query: EventQuery, _ connection: borrowing Connection
  ) throws(SQLiteError) -> Selection? {
    var conditions = Conditions()
    if let source = query.source {
      let found = try connection.prepare("SELECT id FROM sources WHERE name = ?1").first(.text(source)) {
        row throws(SQLiteError) in row.integer(0)
      }
      guard let found else { return nil }
      conditions.require("e.source", "=", .integer(found))
    }
    conditions.require("e.subject", "=", query.subject.map(SQLValue.text))
    if let result = query.result { conditions.require("e.result = '\(result.rawValue)'") }
    conditions.require("e.received", ">=", query.since.map(SQLValue.integer))
    conditions.require("e.received", "<", query.until.map(SQLValue.integer))
    guard let runs = try RunCondition(query, connection) else { return nil }
    if case .ofEvent(let term) = runs { conditions.require(term) }
    guard let ways = try branches(query, runs, connection, &conditions) else { return nil }

    let before = query.before.map { conditions.parameter(.integer($0)) }
    let after = query.after.map { conditions.parameter(.integer($0)) }
    let bounded = ways.branches.map { branch in
      var branch = branch
      if let before { branch.terms.append("\(branch.key) < \(before)") }
      if let after { branch.terms.append("\(branch.key) > \(after)") }
      return branch
    }
    let ascending = query.after != nil
    let keys = bounded.picking(
      conditions.terms, isDistinct: ways.isDistinct, ascending: ascending, limit: query.limit)
    return Selection(
      sql: "SELECT \(columns) FROM (\(keys)) AS k CROSS JOIN events e ON e.number = k.key \(names) "
        + "ORDER BY e.number \(ascending ? "ASC" : "DESC")",
      values: conditions.values)
  }

  /// Chooses the indexes by which the events are found; nil = there are none.
  private static func branches(
    _ query: EventQuery, _ runs: RunCondition, _ connection: borrowing Connection, _ conditions: inout Conditions
  ) throws(SQLiteError) -> (branches: [Branch], isDistinct: Bool)? {
    let types = try query.type.map { pattern throws(SQLiteError) in try NameLookup.types(pattern, connection) }
    if let types, types.isEmpty { return nil }
    if let object = query.object {
      if let types { conditions.require("e.type IN (\(Conditions.list(types)))") }
      let kinds = if let kind = object.kind { [kind] } else { try NameLookup.kinds(connection) }
      guard !kinds.isEmpty else { return nil }
      let name = conditions.parameter(.text(object.name))
      return (
        kinds.map { kind in
          Branch(
            source: "event_objects o CROSS JOIN events e ON e.number = o.event", key: "o.event",
            terms: ["o.kind = \(conditions.parameter(.text(kind)))", "o.name = \(name)"])
        }, kinds.count > 1
      )
    }
    if case .drives(let picked) = runs {
      if let types { conditions.require("+e.type IN (\(Conditions.list(types)))") }
      return ([Branch(source: "events e", key: "e.number", terms: ["e.number IN (\(picked))"])], false)
    }
    if let types, types.count <= mostBranches {
      return (
        types.map { Branch(source: "events e INDEXED BY events_type", key: "e.number", terms: ["e.type = \($0)"]) },
        false
      )
    }
    if let types { conditions.require("+e.type IN (\(Conditions.list(types)))") }
    let source = query.result == .undecodable ? "events e INDEXED BY events_undecodable" : "events e NOT INDEXED"
    return ([Branch(source: source, key: "e.number")], false)
  }

  private static let columns = """
    e.number, s.name, t.name, e.id, e.time, e.received, e.subject, e.objects, e.result, e.reason, e.settle, e.size,
    e.tags, e.cause
    """
  /// Outer joins, which keep their place behind the events, and lose none of them.
  private static let names = "LEFT JOIN sources s ON s.id = e.source LEFT JOIN types t ON t.id = e.type"

  private static func event(_ row: borrowing Row) throws(SQLiteError) -> StoredEvent {
    StoredEvent(
      number: row.integer(0), source: row.text(1), type: row.text(2), id: row.optionalText(3),
      time: row.optionalText(4), received: row.integer(5), subject: row.optionalText(6), objects: row.text(7),
      tags: row.optionalText(12), cause: row.optionalInteger(13),
      result: EventResult(rawValue: row.text(8)) ?? .matched, reason: row.optionalText(9),
      settle: SettleMode(rawValue: row.text(10)) ?? .journal, size: row.integer(11))
  }
}

/// What a list of events asks of their runs.
private enum RunCondition {
  case none
  /// A term about the runs of one event, for runs that are too many to begin with.
  case ofEvent(String)
  /// A question whose answer are the events' numbers, for runs that an index finds and that are few.
  case drives(String)

  /// Nil when the query names an action that the journal has never seen.
  init?(_ query: EventQuery, _ connection: borrowing Connection) throws(SQLiteError) {
    guard query.action != nil || query.state != nil else {
      self = .none
      return
    }
    var terms: [String] = []
    if let action = query.action {
      guard let number = try NameLookup.action(action, connection) else { return nil }
      terms.append("r.action = \(number)")
    }
    if let state = query.state { terms.append("r.state = '\(state.rawValue)'") }
    // An object finds its few events by itself.
    if query.object == nil, let way = query.state.flatMap(RunListing.index) {
      let picking = ([way.term] + terms).joined(separator: " AND ")
      self = .drives("SELECT r.event FROM runs r INDEXED BY \(way.index) WHERE \(picking)")
    } else {
      terms.append("r.event = e.number")
      self = .ofEvent(
        "EXISTS (SELECT 1 FROM runs r INDEXED BY runs_event WHERE \(terms.joined(separator: " AND ")))")
    }
  }
}
