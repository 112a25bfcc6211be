// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import ProgramFixture
import Testing

@testable import Journal

@Suite struct OpenJournalTests {
  let scratch: ScratchJournal

  init() throws { scratch = try ScratchJournal() }

  @Test("a journal is begun with its directory, both for their owner only, in WAL mode and of the present schema")
  func begins() throws {
    let path = scratch.directory + "/of/its/own/journal.sqlite"
    let journal = try OpenJournal.open(path: path, sync: .full)
    #expect(journal.setAside == nil)
    #expect(try journal.connection.text("PRAGMA journal_mode") == "wal")
    #expect(try journal.connection.integer("PRAGMA synchronous") == 2)
    #expect(try journal.connection.integer("PRAGMA mmap_size") == 0)
    #expect(try journal.connection.integer("PRAGMA user_version") == Int64(Schema.migrations.count))
    #expect(try journal.connection.integer("PRAGMA application_id") == Int64(Schema.applicationID))
    for (path, expected) in [(path, 0o600), (path + "-wal", 0o600), (path + ".lock", 0o600)]
      + ["/of", "/of/its", "/of/its/own"].map({ (scratch.directory + $0, 0o700) })
    {
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == expected, "\(path)")
    }
  }

  @Test("what commits wait for can be changed between transactions")
  func sync() throws {
    let journal = try OpenJournal.open(path: scratch.path, sync: .normal)
    #expect(try journal.connection.integer("PRAGMA synchronous") == 1)
    try journal.connection.setSync(.full)
    #expect(try journal.connection.integer("PRAGMA synchronous") == 2)
  }

  @Test("a journal that was used is opened again with what is in it")
  func opensAgain() throws {
    do {
      let journal = try scratch.open()
      try journal.connection.execute("INSERT INTO facts VALUES ('colour', 'green')")
    }
    // As a killed daemon leaves it: all is in the log.
    #expect(try scratch.bytes("-wal").count > 4_096)
    let journal = try scratch.open()
    #expect(journal.setAside == nil)
    #expect(try journal.connection.text("SELECT value FROM facts WHERE name = 'colour'") == "green")
  }

  @Test("a journal of a later version is refused, and no byte of it changes", arguments: [false, true])
  func newer(versionIsInLog: Bool) throws {
    do {
      let journal = try scratch.open()
      if versionIsInLog { _ = try journal.connection.checkpoint(truncates: true) }
      try journal.connection.execute("PRAGMA user_version = 1000")
      if !versionIsInLog { _ = try journal.connection.checkpoint(truncates: true) }
    }
    let (before, logBefore) = (try scratch.bytes(), try scratch.bytes("-wal"))
    #expect(logBefore.isEmpty == !versionIsInLog)
    let error = #expect(throws: JournalError.self) { _ = try scratch.open() }
    #expect(error == .newer(path: scratch.path, version: 1_000, known: Schema.migrations.count))
    #expect(try scratch.bytes() == before)
    #expect(try scratch.bytes("-wal") == logBefore)
  }

  @Test(
    "another program's database is refused, and no byte of it changes",
    arguments: ["PRAGMA application_id = 77", "CREATE TABLE theirs (a)", "PRAGMA user_version = 3"])
  func foreign(sql: String) throws {
    do { try Connection(scratch.path, .writing).execute(sql) }
    let before = try scratch.bytes()
    let error = #expect(throws: JournalError.self) { _ = try scratch.open() }
    #expect(error == .foreign(path: scratch.path))
    #expect(try scratch.bytes() == before)
    #expect(try scratch.names() == ["journal.sqlite", "journal.sqlite.lock"])
  }

  @Test("a migration is whole or not at all: one that fails leaves the file of the version before")
  func failingMigration() throws {
    do {
      let journal = try scratch.open()
      try journal.connection.execute("INSERT INTO facts VALUES ('colour', 'green')")
    }
    let next = Schema.migrations + ["CREATE TABLE added (a); INSERT INTO nowhere VALUES (1);"]
    let error = #expect(throws: JournalError.self) {
      _ = try OpenJournal.open(path: scratch.path, sync: .full, migrations: next)
    }
    #expect(error?.description.contains("cannot be brought from version \(next.count - 1) to \(next.count)") == true)
    let journal = try scratch.open()
    #expect(try journal.connection.integer("PRAGMA user_version") == Int64(Schema.migrations.count))
    #expect(try journal.connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'added'") == 0)
    #expect(try journal.connection.text("SELECT value FROM facts") == "green")
  }

  @Test("a migration that the file has not seen is executed, and its number kept")
  func migration() throws {
    do { _ = try scratch.open() }
    let next = Schema.migrations + ["CREATE TABLE added (a);"]
    let journal = try OpenJournal.open(path: scratch.path, sync: .full, migrations: next)
    #expect(try journal.connection.integer("PRAGMA user_version") == Int64(next.count))
    #expect(try journal.connection.integer("SELECT count(*) FROM added") == 0)
  }

  @Test("a directory that cannot be made is named, with the cause and what to do")
  func directory() throws {
    try Data().write(to: URL(fileURLWithPath: scratch.directory + "/file"))
    let path = scratch.directory + "/file/journal.sqlite"
    let error = #expect(throws: JournalError.self) { _ = try OpenJournal.open(path: path, sync: .full) }
    #expect(error?.description.hasPrefix("the journal \(path) cannot be used: its ") == true)
    #expect(error?.description.contains("Not a directory") == true)
  }

  @Test("a checkpoint copies the log into the file, and says how much")
  func checkpoint() throws {
    let journal = try scratch.open()
    #expect(try journal.connection.checkpoint() == nil)
    try journal.connection.execute(
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
      INSERT INTO contents SELECT i, '{}', zeroblob(4000) FROM n
      """)
    let frames = journal.connection.framesInLog
    #expect(frames >= 2_000)
    #expect(try scratch.bytes().count < 100_000)
    let done = try #require(try journal.connection.checkpoint())
    #expect(done == Checkpoint(inLog: frames, copied: frames, isTruncated: false))
    #expect(try scratch.bytes().count > 8_000_000)
  }

  @Test("a log that a reader made long is emptied once the reader has gone")
  func truncation() throws {
    let journal = try scratch.open()
    journal.connection.setPatience(milliseconds: 1)
    let reader = try Connection(scratch.path, .reading)
    try reader.execute("BEGIN")
    #expect(try reader.integer("SELECT count(*) FROM contents") == 0)
    try journal.connection.execute("INSERT INTO contents VALUES (1, '{}', zeroblob(\(70 << 20)))")
    #expect(try journal.connection.checkpoint()?.isTruncated == false)
    try reader.execute("COMMIT")
    #expect(try journal.connection.checkpoint()?.isTruncated == true)
    #expect(try scratch.bytes("-wal").isEmpty)
    #expect(journal.connection.framesInLog == 0)
  }
}
