// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Foundation
import Glibc
import Testing

@testable import Journal

@Suite struct JournalSnapshotTests {
  let scratch: ScratchJournal

  init() throws { scratch = try ScratchJournal() }

  /// Leaves a journal as a killed daemon does: events 1 to 100 in the file, event 101 in the log.
  private func leaveJournal() throws {
    let journal = try scratch.open()
    try FilledJournal.fill(journal.connection)
    _ = try journal.connection.checkpoint(truncates: true)
    try journal.connection.execute(
      "INSERT INTO events (source, type, received, objects, result, settle, size) "
        + "VALUES (1, 1, 0, '{}', 'matched', 'journal', 0)")
  }

  @Test("a copy tells what is in the file and in the log, and the original stays as it is, byte by byte")
  func content() async throws {
    try leaveJournal()
    let (file, log) = (try scratch.bytes(), try scratch.bytes("-wal"))
    let names = try scratch.names()
    let snapshot = try JournalSnapshot(of: scratch.path)
    #expect(try await snapshot.latest().event == 101)
    #expect(try await snapshot.event(101)?.source == "main")
    #expect(try await snapshot.run(10)?.state == .failed)
    #expect(try scratch.bytes() == file)
    #expect(try scratch.bytes("-wal") == log)
    #expect(try scratch.names() == names)
    // The daemon may start while questions are asked, and no answer changes.
    let journal = try scratch.open()
    try journal.connection.execute("DELETE FROM events")
    #expect(try await snapshot.events(EventQuery()).count == 50)
  }

  @Test("while a daemon has the journal, no copy is made, and it is said who has it")
  func locked() throws {
    let journal = try scratch.open()
    let error = #expect(throws: JournalError.self) { _ = try JournalSnapshot(of: scratch.path) }
    #expect(error?.description.contains("in use by onevent with pid \(getpid())") == true)
    #expect(journal.setAside == nil)
  }

  @Test("nothing is left of a copy that is open, nor of one that could not be")
  func leavesNothing() async throws {
    try leaveJournal()
    let directory = try TemporaryDirectory(for: scratch.path)
    try Data("x".utf8).write(to: URL(fileURLWithPath: directory.database))
    #expect(access(directory.path, F_OK) == 0)
    directory.remove()
    #expect(access(directory.path, F_OK) != 0)

    let opened = try TemporaryDirectory(for: scratch.path)
    try FileCopy.copy(scratch.path, to: opened.database, keepsFree: 0)
    try FileCopy.copy(scratch.path + "-wal", to: opened.database + "-wal", keepsFree: 0)
    let reader = try JournalReader(
      path: opened.database, bodies: { PlainBodies() }, limits: JournalReader.Limits(list: .milliseconds(200)),
      directory: opened)
    #expect(try await reader.latest().event == 101)
    #expect(access(opened.path, F_OK) != 0)
    await #expect(throws: JournalError.tooSlow(limit: .milliseconds(200))) {
      try await reader.ask { connection throws(SQLiteError) in
        try connection.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")
      }
    }
    #expect(try await reader.latest().event == 101)
  }

  @Test("a journal of a later version, another program's and a damaged one are told apart")
  func refused() throws {
    do { try scratch.open().connection.execute("PRAGMA user_version = 1000") }
    #expect(throws: JournalError.newer(path: scratch.path, version: 1_000, known: Schema.migrations.count)) {
      _ = try JournalSnapshot(of: scratch.path)
    }
    try FileManager.default.removeItem(atPath: scratch.path + "-wal")
    try scratch.write(Data("garbage".utf8))
    let error = #expect(throws: JournalError.self) { _ = try JournalSnapshot(of: scratch.path) }
    #expect(error?.description.contains("it is damaged") == true)
    #expect(try scratch.bytes() == Data("garbage".utf8))
    try FileManager.default.removeItem(atPath: scratch.path)
    do { try Connection(scratch.path, .writing).execute("CREATE TABLE theirs (a)") }
    #expect(throws: JournalError.foreign(path: scratch.path)) { _ = try JournalSnapshot(of: scratch.path) }
  }

  @Test("a journal that is not there is told of, and none is made")
  func missing() throws {
    let error = #expect(throws: JournalError.self) { _ = try JournalSnapshot(of: scratch.path) }
    #expect(error?.description.contains("it is not there") == true)
    #expect(try scratch.names().isEmpty)
  }

  @Test("a copy that has no room is not begun")
  func room() throws {
    try leaveJournal()
    let error = #expect(throws: FileCopy.Failure.self) {
      try FileCopy.copy(scratch.path, to: scratch.directory + "/copy", keepsFree: .max / 2)
    }
    #expect(error?.description.contains("set TMPDIR to a directory with more room") == true)
  }

  @Test("a copy between file systems is whole", arguments: [0, 1, 300_000])
  func otherFileSystem(size: Int) throws {
    var bytes = Data(count: size)
    for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* 7) }
    try scratch.write(bytes)
    let target = "/dev/shm/onevent-copy-\(UUID().uuidString)"
    defer { unlink(target) }
    try FileCopy.copy(scratch.path, to: target, keepsFree: 0)
    #expect(try Data(contentsOf: URL(fileURLWithPath: target)) == bytes)
  }
}
