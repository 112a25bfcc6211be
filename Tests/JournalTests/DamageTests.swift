// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Foundation
import Glibc
import Testing

@testable import Journal

@Suite struct DamageTests {
  let scratch: ScratchJournal

  init() throws { scratch = try ScratchJournal() }

  /// Leaves a journal as a killed daemon does: part of it in the file, part in the log.
  private func leaveJournal() throws {
    let journal = try scratch.open()
    try journal.connection.execute(
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
      INSERT INTO contents SELECT i, '{}', randomblob(2000) FROM n
      """)
    _ = try journal.connection.checkpoint(truncates: true)
    try journal.connection.execute("INSERT INTO facts VALUES ('colour', 'green')")
  }

  private func expectUsable(_ journal: borrowing OpenJournal) throws {
    try journal.connection.execute("INSERT INTO facts VALUES ('new', 1)")
    // A new one knows nothing of the old one's.
    #expect(try journal.connection.integer("SELECT count(*) FROM facts WHERE name IN ('new', 'colour')") == 1)
  }

  @Test("garbage in place of a journal is set aside with its log, byte by byte, and a new journal is begun")
  func garbage() throws {
    try leaveJournal()
    let garbage = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) })
    try scratch.write(garbage)
    let log = try scratch.bytes("-wal")
    let journal = try scratch.open()
    let setAside = journal.setAside
    let aside = try #require(setAside)
    #expect(aside.wholeMatch(of: /.*\/journal\.sqlite\.corrupt-\d{8}T\d{6}Z/) != nil)
    #expect(try Data(contentsOf: URL(fileURLWithPath: aside)) == garbage)
    #expect(try Data(contentsOf: URL(fileURLWithPath: aside + "-wal")) == log)
    #expect(journal.damage == "it does not begin as a database does")
    try expectUsable(journal)
  }

  @Test("a short text in place of a journal is set aside")
  func text() throws {
    try scratch.write(Data("hello\n".utf8))
    let journal = try scratch.open()
    #expect(journal.setAside != nil)
    try expectUsable(journal)
  }

  @Test("a damaged page is found when the journal is opened, and the file set aside")
  func page() throws {
    try leaveJournal()
    var bytes = try scratch.bytes()
    // In the middle, so that neither the header nor the log hides it.
    let middle = bytes.count / 2 / 4_096 * 4_096
    bytes.replaceSubrange(middle..<middle + 4_096, with: Data(repeating: 0xa5, count: 4_096))
    try scratch.write(bytes)
    let journal = try scratch.open()
    #expect(journal.setAside != nil)
    #expect(journal.damage?.isEmpty == false)
    try expectUsable(journal)
  }

  @Test("a journal whose tables are gone is set aside")
  func tables() throws {
    do {
      let journal = try scratch.open()
      try journal.connection.execute("DROP TABLE runs")
    }
    let journal = try scratch.open()
    #expect(journal.damage?.contains("no such table: runs") == true)
    try expectUsable(journal)
  }

  @Test("in a large file the ends of the tables are looked at, in a small or suspect one every page")
  func depth() throws {
    #expect(DatabaseCheck.depth(size: 1 << 20, isSuspect: false) == .whole)
    #expect(DatabaseCheck.depth(size: 1 << 32, isSuspect: false) == .ends)
    #expect(DatabaseCheck.depth(size: 1 << 32, isSuspect: true) == .whole)
    try leaveJournal()
    let root: Int
    do {
      let journal = try scratch.open()
      try DatabaseCheck.run(journal.connection, .ends)
      root = Int(try journal.connection.integer("SELECT rootpage FROM sqlite_schema WHERE name = 'runs'"))
    }
    var bytes = try scratch.bytes()
    bytes.replaceSubrange((root - 1) * 2_048..<root * 2_048, with: Data(repeating: 0xa5, count: 2_048))
    try scratch.write(bytes)
    let connection = try Connection(scratch.path, .reading)
    let error = #expect(throws: SQLiteError.self) { try DatabaseCheck.run(connection, .ends) }
    #expect(error?.trouble == .corrupt)
  }

  @Test("a log without its database is set aside, not deleted")
  func orphanedLog() throws {
    try leaveJournal()
    let log = try scratch.bytes("-wal")
    try FileManager.default.removeItem(atPath: scratch.path)
    let journal = try scratch.open()
    let setAside = journal.setAside
    let aside = try #require(setAside)
    #expect(try Data(contentsOf: URL(fileURLWithPath: aside + "-wal")) == log)
    try expectUsable(journal)
  }

  @Test("what was set aside before is never overwritten: a number is added")
  func numbered() throws {
    let files = JournalFiles(scratch.path)
    let moment: time_t = 1_795_228_200
    var names: [String] = []
    for round in 0..<3 {
      try scratch.write(Data("\(round)".utf8))
      names.append(try files.setAside(at: moment))
    }
    let first = scratch.path + ".corrupt-20261121T023000Z"
    #expect(names == [first, first + "-2", first + "-3"])
    #expect(try names.map { try String(contentsOfFile: $0, encoding: .utf8) } == ["0", "1", "2"])
  }

  @Test("an empty file becomes a journal")
  func empty() throws {
    try scratch.write(Data())
    let journal = try scratch.open()
    #expect(journal.setAside == nil)
    try expectUsable(journal)
  }

  struct Refusal: Sendable {
    var code: Int32
    var systemError: Int32 = 0
    var trouble: DiskTrouble
  }

  static let refusals: [Refusal] = [
    Refusal(code: SQLITE_FULL, trouble: .full), Refusal(code: SQLITE_IOERR | 3 << 8, trouble: .inputOutput),
    Refusal(code: SQLITE_IOERR | 19 << 8, systemError: ENOSPC, trouble: .full),
    Refusal(code: SQLITE_IOERR | 3 << 8, systemError: EDQUOT, trouble: .full),
    Refusal(code: SQLITE_READONLY, trouble: .readOnly),
    Refusal(code: SQLITE_CANTOPEN, systemError: EROFS, trouble: .readOnly),
    Refusal(code: SQLITE_CANTOPEN, systemError: EACCES, trouble: .readOnly),
    Refusal(code: SQLITE_CORRUPT | 1 << 8, trouble: .corrupt), Refusal(code: SQLITE_NOTADB, trouble: .corrupt),
    Refusal(code: SQLITE_BUSY, trouble: .other), Refusal(code: SQLITE_IOERR | 12 << 8, trouble: .other),
    Refusal(code: SQLITE_ERROR, trouble: .other),
  ]

  @Test("a refusal of SQLite says what is wrong with the disk", arguments: refusals)
  func trouble(refusal: Refusal) {
    let error = SQLiteError(code: refusal.code, message: "", systemError: refusal.systemError)
    #expect(error.trouble == refusal.trouble)
    #expect(error.trouble.sentence(about: "/j").contains("the journal /j"))
  }

  @Test("a file that may not grow is a full disk")
  func full() throws {
    let journal = try scratch.open()
    try journal.connection.execute("PRAGMA max_page_count = 64")
    let error = #expect(throws: SQLiteError.self) {
      try journal.connection.execute("INSERT INTO contents VALUES (1, '{}', zeroblob(1000000))")
    }
    #expect(error?.trouble == .full)
  }
}
