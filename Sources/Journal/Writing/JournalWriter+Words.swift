// SPDX-License-Identifier: Apache-2.0

extension JournalWriter {
  /// Enters the words of events that are not in the index yet, oldest first, within a transaction.
  ///
  /// Stops after `limit` events, and after any for which `isEnough`. A part has so many numbers.
  ///
  /// - Returns: How many events were entered; less than `limit` where that was all, or enough.
  package func indexWords(
    _ bodies: any BodyReading, limit: Int, partSize: Int64 = WordPart.size, isEnough: () -> Bool
  ) throws(SQLiteError) -> Int {
    var part = try WordPart.all(connection).last
    var insert: Statement?
    var count = 0
    let events = try connection.prepare(
      """
      SELECT e.number, s.name, e.received, c.envelope, c.body
      FROM events e JOIN sources s ON s.id = e.source JOIN contents c ON c.event = e.number
      WHERE e.number > ?1 ORDER BY e.number LIMIT ?2
      """)
    try events.rows([.integer(part?.last ?? 0), .integer(limit)]) { row throws(SQLiteError) in
      let number = row.integer(0)
      let words = Words(
        of: StoredBody(source: row.text(1), envelope: row.blob(3), body: row.blob(4), received: row.integer(2)), bodies)
      if part.map({ number >= $0.first + partSize }) ?? true {
        try note(part)
        let new = WordPart(part: (part?.part ?? 0) + 1, first: number, last: number)
        try connection.execute(new.creation)
        (part, insert) = (new, nil)
      }
      guard let table = part?.table else { return false }
      let statement =
        if let insert { insert } else { try connection.prepare("INSERT INTO \(table) (rowid, words) VALUES (?1, ?2)") }
      insert = statement
      try statement.run(.integer(number), .text(words.joined))
      part?.last = number
      count += 1
      return !isEnough()
    }
    if count > 0 { try note(part) }
    return count
  }

  private func note(_ part: WordPart?) throws(SQLiteError) {
    guard let part else { return }
    try connection.prepare("INSERT OR REPLACE INTO word_parts (part, first, last) VALUES (?1, ?2, ?3)")
      .run(.integer(part.part), .integer(part.first), .integer(part.last))
  }

  /// Forgets the oldest part of the index once its events are gone; the newest one stays, which knows how far it is.
  func forgetOldWords() throws(SQLiteError) {
    let parts = try WordPart.all(connection)
    guard let oldest = parts.first, parts.count > 1 else { return }
    let remains = try connection.prepare("SELECT 1 FROM events WHERE number <= ?1 LIMIT 1")
      .first(.integer(oldest.last)) { _ throws(SQLiteError) in true }
    if remains == nil { try drop(oldest) }
  }

  /// Forgets the whole index, which is then made anew: for one that is damaged.
  package func forgetWords() throws(SQLiteError) {
    for part in try WordPart.all(connection) { try drop(part) }
  }

  private func drop(_ part: WordPart) throws(SQLiteError) {
    try connection.execute("DROP TABLE IF EXISTS \(part.table)")
    try connection.prepare("DELETE FROM word_parts WHERE part = ?1").run(.integer(part.part))
  }
}
