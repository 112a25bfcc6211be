// SPDX-License-Identifier: Apache-2.0

/// What is told of many events at once.
package struct AggregateQuery: Sendable {
  /// What the figures are of.
  package enum Measure: Sendable, Equatable {
    /// The events themselves: they are counted.
    case events
    /// The number at the payload's `value`.
    case value
    /// The number at another path, for which every body is read.
    case path(String)
  }

  /// What a row is of.
  package enum Key: Sendable {
    /// A name for each type; types with the same name are one row.
    case type(@Sendable (String) -> String?)
    case subject
    /// Events that have runs of several actions count for each.
    case action
  }

  /// Its cursor and limit do not count.
  package var events: EventQuery
  package var measure = Measure.events
  /// The length of a bucket in nanoseconds; buckets begin at its multiples since 1970.
  package var every: Int64?
  package var key: Key?

  package init(_ events: EventQuery) {
    self.events = events
  }

  /// How many rows are answered at most.
  package static let mostRows = 10_000
}

package struct Aggregation: Sendable {
  package struct Row: Sendable, Equatable {
    /// Where its bucket begins: nanoseconds since 1970.
    package var start: Int64?
    /// Nil for events without one: without a subject, a run, or a group.
    package var key: String?
    package var count: Int64 = 0
    package var least = Double.infinity
    package var most = -Double.infinity
    package var sum = 0.0
  }

  /// By bucket, then by key; buckets and keys without an event are not among them.
  package var rows: [Row]
  /// Events that have no number there.
  package var skipped: Int64
}

/// Gathers figures of events.
struct Aggregating {
  private struct Place: Hashable {
    var bucket: Int64?
    var key: Key
  }

  /// What the key is found by, which costs less than its name: a number, or a text where there is none.
  private enum Key: Hashable {
    case none
    case number(Int64)
    case text(String)
  }

  private let query: AggregateQuery
  private let bodies: any BodyReading
  private var rows: [Place: Aggregation.Row] = [:]
  private var skipped: Int64 = 0
  /// The event whose rows come, and the actions among them so far: a replay runs an action again.
  private var event: (number: Int64, actions: Set<Int64>) = (-1, [])

  static func answer(
    _ query: AggregateQuery, _ bodies: any BodyReading, _ connection: borrowing Connection
  ) throws(SQLiteError) -> Result<Aggregation, JournalError> {
    var aggregating = Aggregating(query: query, bodies: bodies)
    return try aggregating.answer(connection)
  }

  private init(query: AggregateQuery, bodies: any BodyReading) {
    self.query = query
    self.bodies = bodies
  }

  private mutating func answer(
    _ connection: borrowing Connection
  ) throws(SQLiteError) -> Result<Aggregation, JournalError> {
    guard let walk = try EventWalk(query.events, bodies, connection) else {
      return .success(Aggregation(rows: [], skipped: 0))
    }
    let sources = try NameLookup.names("sources", connection)
    let names = try names(connection)
    var isTooMuch = false
    try walk.rows(reading, connection) { row throws(SQLiteError) in
      add(row, sources, names)
      isTooMuch = rows.count > AggregateQuery.mostRows
      return !isTooMuch
    }
    guard !isTooMuch else { return .failure(.tooManyRows(limit: AggregateQuery.mostRows)) }
    var answered: [Aggregation.Row] = []
    for (place, figures) in rows {
      var row = figures
      row.start = place.bucket
      switch place.key {
      case .none: break
      case .number(let number): row.key = names[number]
      case .text(let text): row.key = text
      }
      answered.append(row)
    }
    answered.sort { ($0.start ?? 0, $0.key ?? "") < ($1.start ?? 0, $1.key ?? "") }
    return .success(Aggregation(rows: answered, skipped: skipped))
  }

  /// 0 number, 1 received, 2 key, 3 value or body, 4 envelope, 5 source.
  private var reading: EventWalk.Reading {
    var joins = ""
    let key: String
    switch query.key {
    case nil: key = "NULL"
    case .type: key = "e.type"
    case .subject: key = "e.subject"
    case .action:
      key = "r.action"
      joins += " LEFT JOIN runs r INDEXED BY runs_event ON r.event = e.number"
    }
    let measure: String
    switch query.measure {
    case .events: measure = "NULL"
    case .value: measure = "e.value"
    case .path:
      measure = "c.body, c.envelope, e.source"
      joins += " LEFT JOIN contents c ON c.event = e.number"
    }
    return EventWalk.Reading(columns: "e.number, e.received, \(key), \(measure)", joins: joins)
  }

  private func names(_ connection: borrowing Connection) throws(SQLiteError) -> [Int64: String] {
    switch query.key {
    case .type(let name): try NameLookup.names("types", connection).compactMapValues(name)
    case .action: try NameLookup.names("actions", connection)
    case .subject, nil: [:]
    }
  }

  private mutating func add(_ row: borrowing Row, _ sources: [Int64: String], _ names: [Int64: String]) {
    let number = row.integer(0)
    let isNew = number != event.number
    if isNew { event = (number, []) }
    if case .action = query.key, !row.isNull(2), !event.actions.insert(row.integer(2)).inserted { return }
    var measured: Double?
    switch query.measure {
    case .events: break
    case .value: measured = row.isNull(3) ? nil : row.real(3)
    case .path(let path):
      let body = StoredBody(
        source: sources[row.integer(5)] ?? "", envelope: row.blob(4), body: row.blob(3), received: row.integer(1))
      measured = bodies.number(at: path, of: body)
    }
    if query.measure != .events, measured == nil {
      if isNew { skipped += 1 }
      return
    }
    let place = Place(bucket: bucket(row.integer(1)), key: key(row, names))
    var figures = rows[place] ?? Aggregation.Row()
    figures.count += 1
    if let measured {
      figures.least = min(figures.least, measured)
      figures.most = max(figures.most, measured)
      figures.sum += measured
    }
    rows[place] = figures
  }

  private func bucket(_ time: Int64) -> Int64? {
    guard let every = query.every, every > 0 else { return nil }
    let rest = time % every
    return time - (rest < 0 ? rest + every : rest)
  }

  private func key(_ row: borrowing Row, _ names: [Int64: String]) -> Key {
    switch query.key {
    case nil: .none
    case .type: names[row.integer(2)].map(Key.text) ?? .none
    case .action: row.isNull(2) ? .none : .number(row.integer(2))
    case .subject: row.optionalText(2).map(Key.text) ?? .none
    }
  }
}
