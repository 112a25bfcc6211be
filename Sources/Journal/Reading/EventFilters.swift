// SPDX-License-Identifier: Apache-2.0

extension Search {
  /// What is asked of events, but for their text; nil when the query names what the journal has never seen.
  ///
  /// `parameters` are those that the question has already.
  init?(
    _ query: EventQuery, _ connection: borrowing Connection, parameters: Parameters = Parameters()
  ) throws(SQLiteError) {
    self.parameters = parameters
    let index = query.result == .undecodable ? "INDEXED BY events_undecodable" : "NOT INDEXED"
    scan = Way(branches: [Branch(source: "events e \(index)", key: "e.number")])
    range = try NumberRange(of: .events, since: query.since, until: query.until, connection)
    let kinds = query.needsKinds ? try NameLookup.kinds(connection) : []
    for object in query.objects { add(object, kinds) }
    if let subject = query.subject { add(subject: subject, kinds) }
    for tag in query.tags { add(tag: tag) }
    guard try addTypes(query, connection), try addSource(query.source, connection), try addRuns(query, connection)
    else { return nil }
    if let value = query.value { add(value) }
    if let result = query.result { filters.append(Filter("e.result = '\(result.rawValue)'")) }
    if let since = query.since { filters.append(Filter("e.received >= \(since)")) }
    if let until = query.until { filters.append(Filter("e.received < \(until)")) }
  }

  private static let event = Branch(source: "events e", key: "e.number")

  /// Branches over the objects of some kinds that have a name.
  ///
  /// The name's parameter is one for all.
  private static func objects(_ kinds: [String], _ name: String, _ parameters: inout Parameters) -> [Branch] {
    kinds.map { kind in
      Branch(
        source: "event_objects o", key: "o.event", terms: ["o.kind = \(parameters.add(kind))", "o.name = \(name)"],
        row: " CROSS JOIN events e ON e.number = o.event")
    }
  }

  private mutating func add(_ object: ObjectName, _ known: [String]) {
    let kinds = if let kind = object.kind { [kind] } else { known }
    let name = parameters.add(object.name)
    let branches = Self.objects(kinds, name, &parameters)
    // Without any kind in the journal there is no branch, and no row.
    let list = kinds.map { parameters.add($0) }.joined(separator: ", ")
    let term =
      "EXISTS (SELECT 1 FROM event_objects o WHERE o.kind IN (\(list)) AND o.name = \(name) AND o.event = e.number)"
    filters.append(
      Filter(term, way: branches.isEmpty ? nil : Way(branches: branches, isDistinct: branches.count > 1)))
  }

  /// A subject is found among the objects: it is one of them, or stands there as one of the kind ''.
  private mutating func add(subject: String, _ kinds: [String]) {
    let name = parameters.add(subject)
    let term = "+e.subject = \(name)"
    let branches = Self.objects(kinds + [""], name, &parameters).map { branch in
      var branch = branch
      branch.source += branch.row
      branch.row = ""
      branch.terms.append(term)
      return branch
    }
    filters.append(Filter(term, way: Way(branches: branches, isDistinct: true)))
  }

  private mutating func add(tag: String) {
    let name = parameters.add(tag)
    let branch = Branch(
      source: "event_tags g", key: "g.event", terms: ["g.tag = \(name)"],
      row: " CROSS JOIN events e ON e.number = g.event")
    filters.append(
      Filter(
        "EXISTS (SELECT 1 FROM event_tags g WHERE g.tag = \(name) AND g.event = e.number)",
        way: Way(branches: [branch])))
  }

  /// From this many types on they are not merged, which would cost more than to gather what is few.
  static let mostBranches = 16

  private mutating func addTypes(
    _ query: EventQuery, _ connection: borrowing Connection
  ) throws(SQLiteError) -> Bool {
    guard query.type != nil || query.isWantedType != nil else { return true }
    let types = try NameLookup.types(query.type, query.isWantedType, connection)
    guard !types.isEmpty else { return false }
    let term = "e.type IN (\(SQLList.of(types)))"
    let indexed = "events e INDEXED BY events_type"
    let way =
      types.count <= Self.mostBranches
      ? Way(branches: types.map { Branch(source: indexed, key: "e.number", terms: ["e.type = \($0)"]) })
      : Way(branches: [Branch(source: indexed, key: "e.number", terms: [term])], gathered: Self.event)
    filters.append(Filter("+\(term)", way: way))
    return true
  }

  private mutating func addSource(
    _ source: String?, _ connection: borrowing Connection
  ) throws(SQLiteError) -> Bool {
    guard let source else { return true }
    let found = try connection.prepare("SELECT id FROM sources WHERE name = ?1").first(.text(source)) {
      row throws(SQLiteError) in row.integer(0)
    }
    guard let found else { return false }
    let branch = Branch(
      source: "events e INDEXED BY events_source", key: "e.number", terms: ["e.source = \(found)"])
    filters.append(Filter("+e.source = \(found)", way: Way(branches: [branch])))
    return true
  }

  private mutating func addRuns(_ query: EventQuery, _ connection: borrowing Connection) throws(SQLiteError) -> Bool {
    guard query.action != nil || query.state != nil else { return true }
    let action = try query.action.map { name throws(SQLiteError) in try NameLookup.action(name, connection) }
    if let action, action == nil { return false }
    let runs = RunWays(action: action ?? nil, states: query.state.map { [$0] } ?? [])
    let terms = ["r.event = e.number"] + runs.terms
    filters.append(
      Filter(
        "EXISTS (SELECT 1 FROM runs r INDEXED BY runs_event WHERE \(terms.joined(separator: " AND ")))",
        way: Way(branches: runs.branches(key: "r.event"), gathered: Self.event)))
    return true
  }

  private mutating func add(_ value: ValueRange) {
    let terms = [("=", value.equal), (">", value.above), (">=", value.least), ("<", value.below), ("<=", value.most)]
      .compactMap { relation, bound in bound.map { "e.value \(relation) \(parameters.add(.real($0)))" } }
    let term = terms.joined(separator: " AND ")
    guard !term.isEmpty else { return }
    let branch = Branch(source: "events e INDEXED BY events_value", key: "e.number", terms: terms)
    // Events with one value stand in the index in their order.
    let isOrdered = value.equal != nil && terms.count == 1
    filters.append(Filter(term, way: Way(branches: [branch], gathered: isOrdered ? nil : Self.event)))
  }
}

extension EventQuery {
  fileprivate var needsKinds: Bool { subject != nil || objects.contains { $0.kind == nil } }
}
