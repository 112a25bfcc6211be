// SPDX-License-Identifier: Apache-2.0

extension Search {
  /// What is asked of runs; nil when the query names what the journal has never seen.
  init?(_ query: RunQuery, _ connection: borrowing Connection) throws(SQLiteError) {
    scan = Way(branches: [Branch(source: "runs r NOT INDEXED", key: "r.number")])
    range = try NumberRange(of: .runs, since: query.since, until: query.until, connection)
    if let event = query.event {
      let branch = Branch(
        source: "runs r INDEXED BY runs_event", key: "r.number", terms: ["r.event = \(event)"])
      filters.append(Filter("+r.event = \(event)", way: Way(branches: [branch], gathered: Self.run)))
    }
    guard try addEvents(query, connection), try addState(query, connection) else { return nil }
    if let since = query.since { filters.append(Filter("r.created >= \(since)")) }
    if let until = query.until { filters.append(Filter("r.created < \(until)")) }
  }

  private static let run = Branch(source: "runs r", key: "r.number")

  /// What is asked of the runs' events: their runs are found by them, where they are few.
  private mutating func addEvents(
    _ query: RunQuery, _ connection: borrowing Connection
  ) throws(SQLiteError) -> Bool {
    var events = EventQuery()
    events.type = query.type
    events.subject = query.subject
    events.objects = query.objects
    guard events.type != nil || events.subject != nil || !events.objects.isEmpty else { return true }
    guard let search = try Search(events, connection, parameters: parameters) else { return false }
    parameters = search.parameters
    for filter in search.filters {
      let ways = filter.way.map { way in
        way.branches.map { branch in
          Branch(
            source: "\(branch.source) CROSS JOIN runs r INDEXED BY runs_event ON r.event = \(branch.key)",
            key: "r.number", terms: branch.terms)
        }
      }
      filters.append(
        Filter(
          "EXISTS (SELECT 1 FROM events e WHERE e.number = r.event AND \(filter.term))",
          way: ways.map { Way(branches: $0, gathered: Self.run) }))
    }
    return true
  }

  private mutating func addState(_ query: RunQuery, _ connection: borrowing Connection) throws(SQLiteError) -> Bool {
    guard query.action != nil || !query.states.isEmpty else { return true }
    let action = try query.action.map { name throws(SQLiteError) in try NameLookup.action(name, connection) }
    if let action, action == nil { return false }
    let runs = RunWays(action: action ?? nil, states: query.states)
    filters.append(
      Filter(
        runs.terms.map { "+\($0)" }.joined(separator: " AND "),
        way: Way(branches: runs.branches(key: "r.number"), gathered: runs.isOrdered ? nil : Self.run)))
    return true
  }
}
