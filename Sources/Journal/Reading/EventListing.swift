// SPDX-License-Identifier: Apache-2.0

/// Lists events.
enum EventListing {
  static func rows(
    _ query: EventQuery, _ bodies: any BodyReading, _ connection: borrowing Connection
  ) throws(SQLiteError) -> [StoredEvent] {
    guard let walk = try EventWalk(query, bodies, connection) else { return [] }
    var events: [StoredEvent] = []
    try walk.rows(reading(query), connection) { row throws(SQLiteError) in
      events.append(event(row))
      return true
    }
    return events
  }

  static func row(_ number: Int64, _ connection: borrowing Connection) throws(SQLiteError) -> StoredEvent? {
    try connection.prepare("SELECT \(columns) FROM events e\(names) WHERE e.number = ?1")
      .first(.integer(number)) { row throws(SQLiteError) in event(row) }
  }

  /// How a list is read: a page of it, in its order.
  static func reading(_ query: EventQuery) -> EventWalk.Reading {
    EventWalk.Reading(
      columns: columns, joins: names, cursor: NumberRange(above: query.after, below: query.before),
      ascending: query.after != nil, limit: min(max(query.limit, 1), 1_000))
  }

  /// How many there are on all pages, as far as is counted, and as far as the time allows.
  static func count(
    _ query: EventQuery, _ bodies: any BodyReading, _ connection: borrowing Connection
  ) throws(SQLiteError) -> BoundedCount {
    try BoundedCount { next throws(SQLiteError) in
      try EventWalk(query, bodies, connection)?.rows(
        EventWalk.Reading(columns: "e.number", limit: BoundedCount.bound + 1), connection
      ) { _ throws(SQLiteError) in next() }
    }
  }

  private static let columns = """
    e.number, s.name, t.name, e.id, e.time, e.received, e.subject, e.objects, e.result, e.reason, e.settle, e.size, \
    e.tags, e.cause
    """
  /// Outer joins, which keep their place behind the events, and lose none of them.
  private static let names = " LEFT JOIN sources s ON s.id = e.source LEFT JOIN types t ON t.id = e.type"

  private static func event(_ row: borrowing Row) -> StoredEvent {
    StoredEvent(
      number: row.integer(0), source: row.text(1), type: row.text(2), id: row.optionalText(3),
      time: row.optionalText(4), received: row.integer(5), subject: row.optionalText(6), objects: row.text(7),
      tags: row.optionalText(12), cause: row.optionalInteger(13),
      result: EventResult(rawValue: row.text(8)) ?? .matched, reason: row.optionalText(9),
      settle: SettleMode(rawValue: row.text(10)) ?? .journal, size: row.integer(11))
  }
}
