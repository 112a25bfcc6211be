// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Foundation
import Settings
import Testing
import WebAPI

@testable import Daemon
@testable import Journal

/// What the dispatcher does while its journal cannot be written, and what it does to its journal.
@Suite struct JournalTroubleTests {
  /// Works until the journal is well again.
  private func recover(_ scene: DispatchScene) throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while scene.board.trouble != nil, ContinuousClock.now < deadline {
      try scene.dispatcher.work([])
      usleep(5_000)
    }
    try #require(scene.board.trouble == nil)
  }

  @Test("Sources are held at once when the journal cannot be written, and released when it is well")
  func holds() throws {
    try DispatchScene.with([DispatchScene.action("one")]) { scene in
      try scene.dispatcher.work([.tick])
      try scene.dispatcher.upkeep.next = .now + .seconds(3600)
      try scene.writer.connection.execute("PRAGMA query_only = ON")
      try scene.arrive("a")
      #expect(scene.recorder.settled.map(\.settlement) == [.returned])
      #expect(scene.recorder.holds.count == 1)
      #expect(scene.recorder.holds.first.flatMap { $0 } != nil)
      try scene.writer.connection.execute("PRAGMA query_only = OFF")
      try recover(scene)
      try scene.dispatcher.upkeep.next = .now
      try scene.dispatcher.work([])
      #expect(scene.recorder.holds.count == 2)
      #expect(scene.recorder.holds.last == .some(nil))
    }
  }

  @Test("A small bound of pending runs releases the sources again")
  func smallBound() throws {
    try DispatchScene.with([DispatchScene.action("one")]) { scene in
      scene.configuration.journal.maxPending = 1
      scene.configuration.scripts.maxConcurrent = 1
      try scene.arrive("a", node: "x")
      try scene.arrive("b", node: "y")
      try scene.dispatcher.upkeep.next = .now
      try scene.dispatcher.work([])
      #expect(scene.recorder.holds.count == 1)
      try scene.end(0)
      try scene.end(1)
      #expect(scene.board.backlog == 0)
      try scene.dispatcher.upkeep.next = .now
      try scene.dispatcher.work([])
      #expect(scene.recorder.holds.count == 2)
    }
  }

  @Test("A new file in a life that goes on keeps limits and numbers")
  func newFile() throws {
    let actions = [DispatchScene.action("one"), DispatchScene.action("two") { $0.maxConcurrent = 1 }]
    try DispatchScene.with(actions) { scene in
      try scene.arrive("a", node: "x", actions: ["one"])
      try Data(repeating: 0x41, count: 1 << 16).write(to: URL(fileURLWithPath: scene.configuration.journal.path))
      try scene.dispatcher.journal.fail(SQLiteError(corruption: "a test overwrote it"))
      try recover(scene)
      #expect(scene.board.runningCount == 1)
      try scene.arrive("b", node: "y", actions: ["two"])
      try scene.arrive("c", node: "z", actions: ["two"])
      // The limit is two's, whatever number stands for it in the new file.
      #expect(scene.recorder.started.map { $0.variable("ONEVENT_EVENT_NUMBER") } == ["1", "2"])
      // The end of the old run is not taken for one of a new run.
      try scene.end(0)
      #expect(scene.board.runningCount == 1)
      #expect(try scene.writer.facts(ofRun: 2)?.state == .running)
      try scene.end(1)
      #expect(try scene.writer.facts(ofRun: 2)?.state == .succeeded)
      #expect(try scene.writer.facts(ofRun: 3)?.state == .running)
    }
  }

  @Test("A start mark survives a power cut where on_interrupt = hold relies on it")
  func durableStart() throws {
    try DispatchScene.with([DispatchScene.action("one") { $0.onInterrupt = .hold }]) { scene in
      try scene.arrive("a")
      try scene.arrive("b")
      try scene.end(0)
      #expect(scene.recorder.started.count == 2)
      #expect(try synchronous(scene) == 2)
    }
  }

  @Test("An outcome survives a power cut before its delivery is settled; other outcomes need not")
  func durableOutcome() throws {
    try DispatchScene.with([DispatchScene.action("one")]) { scene in
      try scene.arrive("a", settle: .journal)
      try scene.end(0)
      #expect(try synchronous(scene) == 1)
      try scene.arrive("b", settle: .run)
      try scene.end(1)
      #expect(try synchronous(scene) == 2)
    }
  }

  @Test("What is settled at once because its action is suspended survives a power cut, too")
  func durableSuspension() throws {
    try DispatchScene.with([DispatchScene.action("one")]) { scene in
      var effects = Effects()
      try scene.inTransaction { try $0.setStatus(.suspended, ofAction: "one", &effects) }
      try scene.dispatcher.work([.tick])
      try scene.arrive("a", settle: .run)
      #expect(scene.recorder.settled.map(\.settlement) == [.accepted])
      #expect(try synchronous(scene) == 2)
    }
  }

  private func synchronous(_ scene: DispatchScene) throws -> Int64? {
    try scene.writer.connection.prepare("PRAGMA synchronous").first { row in row.integer(0) }
  }

  @Test("Failed runs that are deleted are counted no more")
  func counts() throws {
    try DispatchScene.with([DispatchScene.action("one")]) { scene in
      scene.configuration.journal.keep = .zero
      try scene.arrive("a")
      try scene.end(0, .exited(1))
      #expect(scene.board.counts.failed == 1)
      let dispatcher = try scene.dispatcher
      for _ in 0..<3 {
        (dispatcher.upkeep.next, dispatcher.upkeep.nextPass) = (.now, .now)
        dispatcher.work([])
      }
      #expect(try scene.states().isEmpty)
      #expect(scene.board.counts.failed == 0)
    }
  }

  @Test("An event that could be decoded later is deleted with its objects")
  func redecodedObjects() throws {
    try DispatchScene.with([]) { scene in
      let writer = try scene.writer
      var event = NewEvent(
        source: "s", type: "", id: nil, identity: nil, time: nil, received: 1, subject: nil, objects: [],
        result: .undecodable, reason: "no", settle: .journal, envelope: Array("{}".utf8), body: [], runs: [])
      let count = try writer.transaction(isDurable: false) { () throws(SQLiteError) in
        _ = try writer.accept(event)
        event.objects = [("node", "n1")]
        event.result = .matched
        try writer.redecoded(1, as: event)
        _ = try writer.deleteEvents(before: nil, after: 0, limit: 10)
        return try writer.connection.prepare("SELECT count(*) FROM event_objects").first {
          row throws(SQLiteError) in row.integer(0)
        }
      }
      #expect(count == 0)
    }
  }

  @Test("Senders that invent types fill neither memory nor journal")
  func types() throws {
    try DispatchScene.with([]) { scene in
      let writer = try scene.writer
      let limit = JournalWriter.typeLimit
      for round in 0..<3 {
        let counts = (0..<limit).map { index in
          TypeCount(
            name: "t\(round).\(index)", seen: 1, matched: 0, first: 1, last: 1, source: "s", envelope: Array("{}".utf8),
            sample: [])
        }
        try writer.transaction(isDurable: false) { () throws(SQLiteError) in try writer.add(counts) }
      }
      let rows = try writer.connection.prepare("SELECT count(*) FROM types").first { row in row.integer(0) }
      #expect(rows == Int64(limit))
    }
  }

  @Test("The samples of types that are not stored yet are bounded")
  func samples() throws {
    let types = SeenTypes()
    let decoder = EventDecoder(EventMapping(), inflatedLimit: 1 << 20)
    let padding = String(repeating: "x", count: SeenTypes.sampleLimit - 200)
    let count = SeenTypes.byteLimit / SeenTypes.sampleLimit * 2
    for index in 0..<count {
      let body = #"{"event_type": "t\#(index)", "message_id": "m", "payload": {"a": "\#(padding)"}}"#
      try Array(body.utf8).withUnsafeBytes { bytes in
        let event = try decoder.decode(bytes, Envelope(source: "s"))
        types.count(event.type, event, isMatched: false)
      }
    }
    let taken = types.take()
    #expect(taken.count == count)
    let bytes = taken.reduce(0) { $0 + $1.sample.count }
    #expect(bytes > SeenTypes.byteLimit / 2)
    #expect(bytes <= SeenTypes.byteLimit)
  }

  @Test("Nothing is acknowledged into a file that was removed or replaced")
  func replaced() throws {
    try DispatchScene.with([DispatchScene.action("one")]) { scene in
      let path = scene.configuration.journal.path
      let spoil: [() throws -> Void] = [
        { try FileManager.default.removeItem(atPath: path) },
        { try FileManager.default.removeItem(atPath: path + "-wal") },
        {
          try Data(repeating: 0x41, count: 4096).write(to: URL(fileURLWithPath: path + ".new"))
          #expect(rename(path + ".new", path) == 0)
        },
      ]
      for (round, spoil) in spoil.enumerated() {
        let before = scene.recorder.settled.count
        try scene.arrive("good\(round)", node: "\(round)")
        #expect(scene.recorder.settled.dropFirst(before).map(\.settlement) == [.accepted])
        try spoil()
        try scene.arrive("a\(round)", node: "a\(round)")
        #expect(scene.recorder.settled.last?.settlement == .returned)
        #expect(scene.board.trouble != nil)
        try recover(scene)
        try scene.arrive("a\(round)", node: "a\(round)")
        #expect(scene.recorder.settled.last?.settlement == .accepted)
        scene.crash()
        try scene.arrive("a\(round)", node: "a\(round)")
        #expect(scene.metrics.total("duplicate") == 1)
      }
    }
  }

  @Test("What ended while the journal was in trouble is recorded at the stop, if it can be")
  func lastWords() throws {
    try DispatchScene.with([DispatchScene.action("one")]) { scene in
      try scene.arrive("a")
      try scene.writer.connection.execute("PRAGMA query_only = ON")
      try scene.end(0)
      #expect(scene.board.trouble != nil)
      try scene.writer.connection.execute("PRAGMA query_only = OFF")
      try scene.dispatcher.work([.stop])
      #expect(try scene.states() == [.succeeded])
    }
  }
}
