// SPDX-License-Identifier: Apache-2.0

/// One part of the index of words: an FTS5 table of the events with some numbers.
///
/// It keeps neither texts nor places, only which words are in which event: 140 bytes of an event whose body has 2 KiB.
/// It forgets no single event. One that retention deleted is passed over, since its number is given to no other, and
/// the part goes as a whole when all its events are gone.
package struct WordPart: Equatable {
  var part: Int64
  /// The numbers of the events that it has seen: `first` to `last`.
  var first: Int64
  var last: Int64

  /// So many numbers make a part: its removal takes some 30 ms.
  package static let size: Int64 = 50_000

  var table: String { "words_\(part)" }

  var creation: String {
    "CREATE VIRTUAL TABLE \(table) USING fts5(words, content = '', columnsize = 0, detail = none, tokenize = 'ascii')"
  }

  /// All there are, the oldest first.
  static func all(_ connection: borrowing Connection) throws(SQLiteError) -> [WordPart] {
    try connection.prepare("SELECT part, first, last FROM word_parts ORDER BY part").all { row throws(SQLiteError) in
      WordPart(part: row.integer(0), first: row.integer(1), last: row.integer(2))
    }
  }
}
