// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Testing

@testable import Journal

/// The index of words: filled behind the events, and nothing but a help.
@Suite struct WordIndexTests {
  private func index(_ journal: RandomJournal, limit: Int, partSize: Int64 = WordPart.size) throws -> Int {
    let writer = try journal.writer
    return try writer.transaction(isDurable: false) { () throws(SQLiteError) in
      try writer.indexWords(WeighedBodies(), limit: limit, partSize: partSize) { false }
    }
  }

  private func find(_ text: String, in journal: RandomJournal) async throws -> [Int64] {
    let reader = try JournalReader(path: journal.scratch.path) { WeighedBodies() }
    var query = EventQuery()
    query.text = WordSearch(text)
    query.limit = 1_000
    return try await reader.events(query).map(\.number)
  }

  private func expected(_ word: String, in journal: RandomJournal) -> [Int64] {
    journal.events.filter { $0.words.contains(word) }.map(\.number).reversed()
  }

  @Test("events are found by their words before they are in the index, while it is filled, and afterwards")
  func filling() async throws {
    let journal = try RandomJournal(seed: 21, events: 200)
    #expect(try await find("power", in: journal) == expected("power", in: journal))
    #expect(try index(journal, limit: 90, partSize: 40) == 90)
    #expect(try WordPart.all(journal.writer.connection).map(\.last) == [40, 80, 90])
    for word in ["power", "grün", "lost"] {
      #expect(try await find(word, in: journal) == expected(word, in: journal))
    }
    #expect(try index(journal, limit: 1_000, partSize: 40) == 110)
    #expect(try index(journal, limit: 1_000, partSize: 40) == 0)
    #expect(try await find("power", in: journal) == expected("power", in: journal))
  }

  @Test("a batch ends when it is enough, and what it entered stays entered")
  func budget() throws {
    let journal = try RandomJournal(seed: 22, events: 50)
    let writer = try journal.writer
    var looks = 0
    let count = try writer.transaction(isDurable: false) { () throws(SQLiteError) in
      try writer.indexWords(WeighedBodies(), limit: 50) {
        looks += 1
        return looks == 10
      }
    }
    #expect(count == 10)
    #expect(try index(journal, limit: 50) == 40)
  }

  @Test("events that are deleted are not found any more, and a part goes with the last of its events")
  func retention() async throws {
    let journal = try RandomJournal(seed: 23, events: 120)
    #expect(try index(journal, limit: 200, partSize: 40) == 120)
    let writer = try journal.writer
    try writer.connection.execute("UPDATE runs SET ended = 1, state = 'succeeded'")
    try writer.transaction(isDurable: false) { () throws(SQLiteError) in
      #expect(try writer.deleteEvents(before: nil, after: 0, limit: 30).deleted == 30)
    }
    #expect(try await find("power", in: journal) == expected("power", in: journal).filter { $0 > 30 })
    #expect(try WordPart.all(writer.connection).count == 3)
    try writer.transaction(isDurable: false) { () throws(SQLiteError) in
      #expect(try writer.deleteEvents(before: nil, after: 30, limit: 15).deleted == 15)
    }
    #expect(try WordPart.all(writer.connection).map(\.part) == [2, 3])
    #expect(try writer.connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'words_1'") == 0)
    // All of them: the last part stays, which knows how far the index is.
    try writer.transaction(isDurable: false) { () throws(SQLiteError) in
      _ = try writer.deleteEvents(before: nil, after: 45, limit: 200)
      _ = try writer.deleteEvents(before: nil, after: 45, limit: 200)
    }
    #expect(try writer.connection.integer("SELECT count(*) FROM event_tags") == 0)
    #expect(try writer.connection.integer("SELECT count(*) FROM event_objects") == 0)
    #expect(try WordPart.all(writer.connection).last?.last == 120)
  }

  @Test("damage to the index is told from damage to the journal, and the index is made anew")
  func damage() async throws {
    let journal = try RandomJournal(seed: 24, events: 60)
    #expect(try index(journal, limit: 40) == 40)
    // Past the writer, whose connection protects the index from such statements.
    var handle: OpaquePointer?
    #expect(sqlite3_open(journal.scratch.path, &handle) == SQLITE_OK)
    #expect(sqlite3_exec(handle, "UPDATE words_1_data SET block = x'0102' WHERE id = 10", nil, nil, nil) == SQLITE_OK)
    sqlite3_close(handle)
    let error = #expect(throws: SQLiteError.self) { _ = try index(journal, limit: 40) }
    #expect(error?.isDamageOfWords == true, "\(String(describing: error))")
    let writer = try journal.writer
    try writer.transaction(isDurable: false) { () throws(SQLiteError) in try writer.forgetWords() }
    #expect(try index(journal, limit: 100) == 60)
    #expect(try await find("power", in: journal) == expected("power", in: journal))
  }

  @Test(
    "words are runs of letters and digits, in lower case, cut where they are long",
    arguments: [
      ("Node-7f3A up", ["7f3a", "node", "up"]), ("", []), ("--- , !", []), ("ÄÖ ß", ["ß", "äö"]),
      ("日本 e\u{301}t", ["e\u{301}t", "日本"]), ("a_b.c", ["a", "b", "c"]),
      (String(repeating: "x", count: 200), [String(repeating: "x", count: 64)]),
      (String(repeating: "ä", count: 33), [String(repeating: "ä", count: 32)]),
    ])
  func words(text: String, expected: [String]) {
    #expect(Words(text).all.map { String(decoding: $0, as: UTF8.self) }.sorted() == expected.sorted())
  }

  @Test("a search without a letter or digit is none")
  func nothing() {
    #expect(WordSearch("") == nil && WordSearch(" - * ") == nil)
    #expect(WordSearch("a-b c*")?.match == "\"a\" AND \"b\" AND \"c\" *")
  }

  @Test("bytes that are no UTF-8 end a word, and break nothing")
  func invalid() {
    let bytes: [UInt8] = [0x61, 0xFF, 0x62, 0xC3, 0x28, 0xE2, 0x82]
    let words = Words(of: StoredBody(source: "", envelope: [], body: bytes, received: 0), PlainBodies())
    #expect(words.all.map(Array.init) == [Array("a".utf8), Array("b".utf8)])
  }
}
