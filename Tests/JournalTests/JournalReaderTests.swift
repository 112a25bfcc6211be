// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

@testable import Journal

@Suite struct JournalReaderTests {
  let scratch: ScratchJournal

  init() throws { scratch = try ScratchJournal() }

  private func reader(limit: Duration = .seconds(60), capacity: Int = 64) throws -> JournalReader {
    let limits = JournalReader.Limits(list: limit, long: limit, count: limit, waiting: capacity)
    return try JournalReader(path: scratch.path, bodies: { PlainBodies() }, limits: limits, directory: nil)
  }

  private func events(_ reader: JournalReader, _ change: (inout EventQuery) -> Void) async throws -> [Int64] {
    var query = EventQuery()
    query.limit = 1_000
    change(&query)
    return try await reader.events(query).map(\.number)
  }

  private func runs(_ reader: JournalReader, _ change: (inout RunQuery) -> Void) async throws -> [Int64] {
    var query = RunQuery()
    query.limit = 1_000
    change(&query)
    return try await reader.runs(query).map(\.number)
  }

  private func newestFirst(_ isWanted: (Int64) -> Bool) -> [Int64] {
    Array((1...100).filter(isWanted).reversed())
  }

  @Test("events are found by each of their sides, and by several at once")
  func events() async throws {
    let journal = try scratch.open()
    try FilledJournal.fill(journal.connection)
    let reader = try reader()
    #expect(try await events(reader) { _ in } == newestFirst { _ in true })
    #expect(try await events(reader) { $0.type = "lease.end" } == newestFirst { $0 % 3 == 2 })
    #expect(try await events(reader) { $0.type = "lease.*" } == newestFirst { $0 % 3 != 0 })
    #expect(try await events(reader) { $0.type = "#" } == newestFirst { _ in true })
    #expect(try await events(reader) { $0.type = "*.start, #.update" } == newestFirst { $0 % 3 != 2 })
    #expect(try await events(reader) { $0.type = "lease" } == [])
    #expect(
      try await events(reader) { $0.objects = [ObjectName(kind: "node", name: "node-3")] }
        == newestFirst { $0 % 10 == 3 })
    #expect(
      try await events(reader) { $0.objects = [ObjectName(kind: "host", name: "node-0")] }
        == newestFirst { $0 % 20 == 0 })
    #expect(
      try await events(reader) { $0.objects = [ObjectName(kind: nil, name: "node-0")] } == newestFirst { $0 % 10 == 0 })
    #expect(try await events(reader) { $0.objects = [ObjectName(kind: nil, name: "nowhere")] } == [])
    #expect(
      try await events(reader) {
        $0.objects = [ObjectName(kind: nil, name: "node-0")]
        $0.type = "lease.end"
        $0.state = .failed
      } == newestFirst { $0 % 10 == 0 && $0 % 3 == 2 })
    #expect(try await events(reader) { $0.subject = "subject-6" } == newestFirst { $0 % 7 == 6 })
    #expect(try await events(reader) { $0.source = "other" } == newestFirst { $0 % 4 == 0 })
    #expect(try await events(reader) { $0.source = "none" } == [])
    #expect(try await events(reader) { $0.result = .undecodable } == [5])
    #expect(try await events(reader) { $0.action = "odd" } == newestFirst { $0 % 2 == 1 })
    #expect(try await events(reader) { $0.action = "none" } == [])
    #expect(try await events(reader) { $0.state = .failed } == newestFirst { $0 % 10 == 0 })
    #expect(try await events(reader) { $0.state = .waiting } == newestFirst { $0 % 10 == 1 })
    #expect(try await events(reader) { $0.state = .succeeded } == newestFirst { $0 % 10 > 2 })
    #expect(
      try await events(reader) {
        $0.action = "even"
        $0.state = .pending
        $0.type = "node.#"
      } == newestFirst { $0 % 10 == 2 && $0 % 3 == 0 })
    #expect(
      try await events(reader) {
        $0.since = 20_000_000_000
        $0.until = 23_000_000_000
      } == [22, 21, 20])
  }

  @Test("few types are merged, many are looked for among all events, with the same result", arguments: [2, 16, 17, 60])
  func manyTypes(count: Int) async throws {
    let journal = try scratch.open()
    try journal.connection.execute(
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
      INSERT INTO types (id, name) SELECT i, iif(i <= \(count), 'wanted.', 'other.') || i FROM n;
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
      INSERT INTO events (number, source, type, id, time, received, subject, objects, result, reason, settle, size, cause)
        SELECT i, 1, 1 + i % 60, NULL, NULL, i, NULL, '{}', 'matched', NULL, 'journal', 0, NULL FROM n;
      """)
    let reader = try reader()
    let expected = Array((1...300).filter { 1 + $0 % 60 <= count }.reversed()).map(Int64.init)
    #expect(try await events(reader) { $0.type = "wanted.*" } == expected)
  }

  @Test("runs are found by each of their sides, and by several at once")
  func runs() async throws {
    let journal = try scratch.open()
    try FilledJournal.fill(journal.connection)
    let reader = try reader()
    #expect(try await runs(reader) { _ in } == newestFirst { _ in true })
    #expect(try await runs(reader) { $0.event = 7 } == [7])
    #expect(try await runs(reader) { $0.action = "even" } == newestFirst { $0 % 2 == 0 })
    #expect(try await runs(reader) { $0.states = [.failed] } == newestFirst { $0 % 10 == 0 })
    #expect(try await runs(reader) { $0.states = [.held, .expired, .refused] } == [])
    #expect(try await runs(reader) { $0.states = [.waiting, .pending] } == newestFirst { 1...2 ~= $0 % 10 })
    #expect(
      try await runs(reader) { $0.states = [.failed, .pending, .succeeded] } == newestFirst { $0 % 10 != 1 })
    #expect(
      try await runs(reader) {
        $0.states = [.waiting]
        $0.action = "odd"
        $0.type = "lease.start"
      } == newestFirst { $0 % 10 == 1 && $0 % 3 == 1 })
    #expect(try await runs(reader) { $0.subject = "subject-2" } == newestFirst { $0 % 7 == 2 })
    #expect(try await runs(reader) { $0.type = "node.update" } == newestFirst { $0 % 3 == 0 })
    #expect(
      try await runs(reader) {
        $0.since = 98_000_000_000
        $0.until = 100_000_000_000
      } == [99, 98])
    #expect(try await runs(reader) { $0.changedAfter = 1_097 } == [98, 99, 100])
    #expect(
      try await runs(reader) {
        $0.changedAfter = 1_000
        $0.states = [.failed]
        $0.limit = 2
      } == [10, 20])
    #expect(try await runs(reader) { $0.action = "none" } == [])
    #expect(try await runs(reader) { $0.type = "none" } == [])
  }

  @Test("pages join without a gap and without a row twice, in both directions")
  func paging() async throws {
    let journal = try scratch.open()
    try FilledJournal.fill(journal.connection)
    let reader = try reader()
    for narrow: @Sendable (inout EventQuery) -> Void in [
      { _ in }, { $0.type = "lease.*" }, { $0.objects = [ObjectName(kind: nil, name: "node-0")] },
      { $0.state = .failed },
    ] {
      let all = try await events(reader, narrow)
      var down: [Int64] = []
      while true {
        let page = try await events(reader) {
          narrow(&$0)
          $0.before = down.last
          $0.limit = 7
        }
        if page.isEmpty { break }
        down += page
      }
      #expect(down == all)
      var up: [Int64] = []
      while true {
        let page = try await events(reader) {
          narrow(&$0)
          $0.after = up.last ?? 0
          $0.limit = 7
        }
        if page.isEmpty { break }
        up += page
      }
      #expect(up == all.reversed())
    }
    let page = try await runs(reader) {
      $0.states = [.failed, .waiting]
      $0.before = 61
      $0.limit = 3
    }
    #expect(page == [60, 51, 50])
    #expect(try await events(reader) { $0.limit = -5 }.count == 1)
  }

  @Test("an event, a run and what belongs to them are told in full")
  func details() async throws {
    let journal = try scratch.open()
    try FilledJournal.fill(journal.connection)
    let reader = try reader()
    let event = try #require(try await reader.event(5))
    #expect(event.source == "main" && event.type == "lease.end" && event.id == "id-5" && event.time == nil)
    #expect(event.received == 5_000_000_000 && event.subject == "subject-5" && event.objects == #"{"node":"node-5"}"#)
    #expect(event.result == .undecodable && event.reason == "no JSON" && event.settle == .journal && event.size == 10)
    #expect(try await reader.event(101) == nil)
    let content = try #require(try await reader.content(ofEvent: 7))
    #expect(content.envelope == Array(#"{"routing_key":"k7"}"#.utf8) && content.body == Array("body 7".utf8))
    #expect(try await reader.eventNumbers(withID: "id-9") == [9])
    let run = try #require(try await reader.run(31))
    #expect(run.id == FilledJournal.id(ofRun: 31) && run.event == 31 && run.eventType == "lease.start")
    #expect(run.subject == "subject-3" && run.action == "odd" && run.state == .waiting && run.due == 31)
    #expect(run.attempts == 1 && run.change == 1_031 && run.ended == nil && !run.isReplay && run.isAside)
    #expect(try await reader.run(22)?.isAside == false)
    #expect(try await reader.run(12)?.isAside == true)
    #expect(try await reader.run(10)?.outcome == "exited 3")
    let attempt = try #require(try await reader.attempts(ofRun: 10).first)
    #expect(attempt.arguments == [Array("/bin/true".utf8), Array("an argument".utf8), []])
    #expect(attempt.duration == 5 && attempt.pid == 110 && attempt.standardOutput == nil)
    #expect(attempt.standardError?.head == Array("trouble".utf8) && attempt.standardError?.dropped == 3)
    #expect(try await reader.types().map(\.name) == FilledJournal.types.sorted())
    #expect(try await reader.latest() == (100, 1_100))
  }

  @Test("a run is found by the first digits of its id, of either case; two tell that they were too few")
  func ids() async throws {
    let journal = try scratch.open()
    try FilledJournal.fill(journal.connection)
    try journal.connection.execute("UPDATE runs SET id = x'ABCDEF00000000000000000000000001' WHERE number = 4")
    let reader = try reader()
    #expect(try await reader.runs(withID: FilledJournal.id(ofRun: 77)).map(\.number) == [77])
    for prefix in ["a", "abc", "ABCD", "abcdef0"] {
      #expect(try await reader.runs(withID: prefix).map(\.number) == [4])
    }
    #expect(try await reader.runs(withID: "3030").count == 2)
    for prefix in ["", "xy", "b", String(repeating: "0", count: 33)] {
      #expect(try await reader.runs(withID: prefix).isEmpty)
    }
  }

  @Test("what is committed is seen by the next question")
  func commits() async throws {
    let journal = try scratch.open()
    let reader = try reader()
    #expect(try await reader.latest().event == 0)
    try FilledJournal.fill(journal.connection, events: 3)
    #expect(try await reader.latest() == (3, 1_003))
    // As retention leaves it.
    try journal.connection.execute(
      "DELETE FROM events; DELETE FROM runs; INSERT INTO facts VALUES ('sequence', '1003')")
    #expect(try await reader.latest() == (3, 1_003))
  }

  @Test("a question that takes too long is given up, and the next one answered")
  func deadline() async throws {
    _ = try scratch.open()
    let reader = try reader(limit: .milliseconds(50))
    await #expect(throws: JournalError.tooSlow(limit: .milliseconds(50))) {
      try await reader.ask { connection throws(SQLiteError) in
        try connection.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")
      }
    }
    #expect(try await reader.latest().event == 0)
  }

  @Test("the reader cannot write")
  func readsOnly() async throws {
    _ = try scratch.open()
    let reader = try reader()
    await #expect(throws: JournalError.self) {
      try await reader.ask { connection throws(SQLiteError) in try connection.execute("DELETE FROM facts") }
    }
  }

  @Test("a reader that closes last leaves file and log as they are")
  func closing() async throws {
    let journal = try scratch.open()
    try FilledJournal.fill(journal.connection)
    let reader = try reader()
    #expect(try await reader.latest().event == 100)
    _ = consume journal
    #expect(try await reader.latest().event == 100)
    let (file, log) = (try scratch.bytes(), try scratch.bytes("-wal"))
    #expect(!log.isEmpty)
    try Connection(scratch.path, .reading).execute("SELECT count(*) FROM events")
    #expect(try scratch.bytes() == file)
    #expect(try scratch.bytes("-wal") == log)
  }

  @Test("after the journal was set aside, questions are answered by the new one")
  func replaced() async throws {
    let reader = try reader()
    await #expect(throws: JournalError.self) { try await reader.latest() }
    do {
      let journal = try scratch.open()
      try FilledJournal.fill(journal.connection)
      #expect(try await reader.latest().event == 100)
    }
    try scratch.write(Data("garbage".utf8))
    let journal = try scratch.open()
    #expect(journal.setAside != nil)
    #expect(try await reader.latest().event == 0)
    try FilledJournal.fill(journal.connection, events: 2)
    #expect(try await reader.latest().event == 2)
  }

  @Test("more questions than may wait are refused at once, and say so")
  func busy() async throws {
    _ = try scratch.open()
    let reader = try reader(capacity: 2)
    let gate = DispatchSemaphore(value: 0)
    let begun = AsyncStream.makeStream(of: Void.self)
    async let first: Void = reader.ask { _ throws(SQLiteError) in
      begun.continuation.yield()
      gate.wait()
    }
    for await _ in begun.stream { break }
    let waiting = AsyncStream.makeStream(of: Result<Int64, any Error>.self)
    for _ in 0..<3 {
      Task {
        do { waiting.continuation.yield(.success(try await reader.latest().event)) } catch {
          waiting.continuation.yield(.failure(error))
        }
      }
    }
    var answers = waiting.stream.makeAsyncIterator()
    // The thread is held, so the first answer is the refusal.
    let refusal = await answers.next()
    #expect(throws: JournalError.busy(waiting: 2)) { try refusal?.get() }
    gate.signal()
    try await first
    for _ in 0..<2 { #expect(try await answers.next()?.get() == 0) }
  }
}
