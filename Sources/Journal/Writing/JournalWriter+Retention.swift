// SPDX-License-Identifier: Apache-2.0

/// Counts of one event type since they were last stored.
package struct TypeCount: Sendable {
  package var name: String
  package var seen: Int64
  package var matched: Int64
  package var first: Int64
  package var last: Int64
  package var source: String
  package var envelope: [UInt8]
  package var sample: [UInt8]

  package init(
    name: String, seen: Int64, matched: Int64, first: Int64, last: Int64, source: String, envelope: [UInt8],
    sample: [UInt8]
  ) {
    self.name = name
    self.seen = seen
    self.matched = matched
    self.first = first
    self.last = last
    self.source = source
    self.envelope = envelope
    self.sample = sample
  }
}

extension JournalWriter {
  /// Bytes of the file that are in use: free pages are used again before it grows.
  package func size() throws(SQLiteError) -> Int64 {
    func pragma(_ name: String) throws(SQLiteError) -> Int64 {
      try connection.prepare("PRAGMA \(name)").first { row throws(SQLiteError) in row.integer(0) } ?? 0
    }
    return try (pragma("page_count") - pragma("freelist_count")) * pragma("page_size")
  }

  /// Deletes the oldest events all of whose runs have ended, with all that belongs to them.
  ///
  /// Looks at `limit` events behind the one that the last call of the same pass came to, and deletes those received
  /// before a time in nanoseconds since 1970; without one, whatever their age. The last that it looked at is nil when
  /// the pass is over.
  package func deleteEvents(
    before time: Int64?, after number: Int64, limit: Int
  ) throws(SQLiteError) -> (deleted: Int, last: Int64?) {
    let looked = try connection.prepare(
      """
      SELECT e.number, e.received, e.objects, EXISTS (
        SELECT 1 FROM runs r WHERE r.event = e.number AND r.ended IS NULL
          AND NOT (r.queued = 0 AND r.state = 'pending' AND e.settle = 'run'))
      FROM events e WHERE e.number > ?1 ORDER BY e.number LIMIT ?2
      """
    ).all(.integer(number), .integer(limit)) { row throws(SQLiteError) in
      (number: row.integer(0), received: row.integer(1), isOpen: row.boolean(3))
    }
    guard let last = looked.last else { return (0, nil) }
    try noteSequence()
    let old = looked.filter { event in !event.isOpen && time.map { event.received < $0 } ?? true }.map(\.number)
    try noteForgotten(old)
    for event in old { try delete(event) }
    if !old.isEmpty { try forgetOldWords() }
    // Numbers grow with the time of receipt, but for a clock that was set: the end is where none is old any more.
    let isOver = time.map { time in looked.allSatisfy { $0.received >= time } } ?? false
    return (old.count, isOver ? nil : last.number)
  }

  /// Forgets identities that are older than the window, and the oldest beyond the bound.
  ///
  /// Looks at the `limit` oldest: a look at all of them would take as long for each batch as for a whole pass.
  package func forgetIdentities(before time: Int64, bound: Int64, limit: Int) throws(SQLiteError) {
    try connection.prepare(
      """
      DELETE FROM identities WHERE digest IN (
        SELECT digest FROM (SELECT digest, event, accepted FROM identities ORDER BY event LIMIT ?3)
        WHERE event <= (SELECT max(event) FROM identities) - ?2 OR accepted < ?1)
      """
    ).run(.integer(time), .integer(bound), .integer(limit))
  }

  /// How many types are told apart: senders choose them.
  static let typeLimit = 10_000

  /// Adds what was counted of types since the last call; types beyond `typeLimit` are not entered.
  package func add(_ counts: [TypeCount]) throws(SQLiteError) {
    let statement = try connection.prepare(
      """
      UPDATE types SET seen = seen + ?2, matched = matched + ?3, first = min(coalesce(first, ?4), ?4),
        last = max(coalesce(last, ?5), ?5)
      WHERE id = ?1
      """)
    // One without a sample does not take the last one's.
    let sample = try connection.prepare(
      """
      UPDATE types SET source = ?2, envelope = ?3, sample = ?4
      WHERE id = ?1 AND (length(?4) > 0 OR coalesce(length(sample), 0) = 0)
      """)
    let known = try connection.prepare("SELECT 1 FROM types WHERE name = ?1")
    var room =
      try Self.typeLimit
      - (connection.prepare("SELECT count(*) FROM types").first {
        row throws(SQLiteError) in Int(row.integer(0))
      } ?? 0)
    for count in counts {
      if try known.first(.text(count.name), make: { _ throws(SQLiteError) in true }) == nil {
        guard room > 0 else { continue }
        room -= 1
      }
      let id = try typeID(count.name)
      try statement.run(
        .integer(id), .integer(count.seen), .integer(count.matched), .integer(count.first), .integer(count.last))
      try sample.run(
        .integer(id), .text(count.source), .text(String(decoding: count.envelope, as: UTF8.self)),
        .blob(count.sample))
    }
  }

  private func delete(_ event: Int64) throws(SQLiteError) {
    let objects = try connection.prepare(
      "SELECT j.key, j.value FROM events e, json_each(e.objects) j WHERE e.number = ?1"
    ).all(.integer(event)) { row throws(SQLiteError) in (row.text(0), row.text(1)) }
    let forget = try connection.prepare("DELETE FROM event_objects WHERE kind = ?1 AND name = ?2 AND event = ?3")
    for (kind, name) in objects { try forget.run(.text(kind), .text(name), .integer(event)) }
    let subject = try connection.prepare("SELECT subject FROM events WHERE number = ?1").first(.integer(event)) {
      row throws(SQLiteError) in row.optionalText(0)
    }
    if let subject = subject ?? nil { try forget.run(.text(""), .text(subject), .integer(event)) }
    let tags = try connection.prepare(
      "SELECT j.value FROM events e, json_each(e.tags) j WHERE e.number = ?1"
    ).all(.integer(event)) { row throws(SQLiteError) in row.text(0) }
    let untag = try connection.prepare("DELETE FROM event_tags WHERE event = ?2 AND tag IN (?1, ?3)")
    for tag in tags {
      try untag.run(.text(tag), .integer(event), .text(String(tag.prefix { $0 != ":" })))
    }
    for table in ["outputs", "attempts"] {
      try connection.prepare("DELETE FROM \(table) WHERE run IN (SELECT number FROM runs WHERE event = ?1)")
        .run(.integer(event))
    }
    try connection.prepare("DELETE FROM runs WHERE event = ?1").run(.integer(event))
    try connection.prepare("DELETE FROM contents WHERE event = ?1").run(.integer(event))
    try connection.prepare("DELETE FROM events WHERE number = ?1").run(.integer(event))
  }
}
