// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Journal
import Scripts
import Settings
import Testing
import WebAPI

@testable import Daemon

@Suite struct DispatcherTests {
  @Test("An event is settled once it is in the journal, and its run started with the same commit")
  func accepts() throws {
    try DispatchScene.with([DispatchScene.action("one")]) { scene in
      try scene.arrive("a")
      #expect(scene.recorder.settled == [.init(number: 1, settlement: .accepted)])
      #expect(scene.recorder.started.count == 1)
      #expect(scene.recorder.started.first?.variable("ONEVENT_EVENT_NUMBER") == "1")
      #expect(try scene.states() == [.running])
      try scene.end(0)
      #expect(try scene.states() == [.succeeded])
    }
  }

  @Test("A duplicate is counted and settled, and never run again, in this life and the next")
  func duplicates() throws {
    try DispatchScene.with([DispatchScene.action("one")]) { scene in
      try scene.arrive("a")
      try scene.arrive("a")
      #expect(scene.metrics.total("duplicate") == 1)
      #expect(scene.recorder.settled.count == 2)
      try scene.end(0)
      scene.crash()
      try scene.arrive("a")
      #expect(scene.recorder.started.isEmpty)
      #expect(scene.recorder.settled == [.init(number: 3, settlement: .accepted)])
      #expect(try scene.states() == [.succeeded])
    }
  }

  @Test("Events without an identity are never taken for duplicates")
  func anonymous() throws {
    try DispatchScene.with([DispatchScene.action("one") { $0.orderBy = nil }]) { scene in
      try scene.arrive(nil)
      try scene.arrive(nil)
      #expect(scene.recorder.started.count == 2)
      #expect(Set(scene.recorder.started.map { $0.variable("ONEVENT_RUN_ID") }).count == 2)
    }
  }

  @Test("Runs of one key start one after the other in their order, runs of another key beside them")
  func lanes() throws {
    try DispatchScene.with([DispatchScene.action("one"), DispatchScene.action("two")]) { scene in
      try scene.arrive("a", node: "x")
      try scene.arrive("b", node: "x")
      try scene.arrive("c", node: "y")
      let order = {
        scene.recorder.started.map { started in
          ["ONEVENT_EVENT_ID", "ONEVENT_ACTION"].map { started.variable($0) ?? "" }.joined(separator: "/")
        }
      }
      #expect(order() == ["a/one", "c/one"])
      try scene.end(0)
      #expect(order() == ["a/one", "c/one", "a/two"])
      try scene.end(2, .exited(1))
      #expect(order() == ["a/one", "c/one", "a/two", "b/one"])
    }
  }

  @Test("A run in backoff keeps its place: later runs of its key wait, also after a crash")
  func backoff() throws {
    let action = DispatchScene.action("one") {
      $0.retry.delay = .seconds(3600)
      $0.retry.maxDelay = .seconds(3600)
    }
    try DispatchScene.with([action]) { scene in
      try scene.arrive("a")
      try scene.arrive("b")
      try scene.end(0, .exited(75))
      #expect(try scene.states() == [.waiting, .pending])
      #expect(scene.recorder.started.count == 1)
      scene.crash()
      try scene.arrive("c")
      #expect(scene.recorder.started.isEmpty)
      #expect(try scene.states() == [.waiting, .pending, .pending])
      #expect(scene.board.counts.total.waiting == 1)
      #expect(scene.board.counts.total.pending == 2)
    }
  }

  @Test("Attempts are counted over crashes: after its retries a run has failed, and its key is free")
  func retries() throws {
    let action = DispatchScene.action("one") {
      $0.retry.retries = 2
      $0.retry.delay = .zero
    }
    try DispatchScene.with([action]) { scene in
      try scene.arrive("a")
      try scene.end(0, .timedOut)
      try scene.end(1, .timedOut)
      #expect(scene.recorder.started.map { $0.variable("ONEVENT_ATTEMPT") } == ["1", "2", "3"])
      scene.crash()
      try scene.dispatcher.work([.tick])
      // The third was cut off: it counts as an attempt, not as a failure.
      #expect(scene.recorder.started.map { $0.variable("ONEVENT_ATTEMPT") } == ["4"])
      try scene.end(0, .timedOut)
      #expect(try scene.states() == [.failed])
    }
  }

  @Test("A run that was cut off by a crash is tried again, and held after the fifth time")
  func poison() throws {
    try DispatchScene.with([DispatchScene.action("one")]) { scene in
      try scene.arrive("a")
      for life in 1...4 {
        scene.crash()
        let run = try #require(try scene.writer.facts(ofRun: 1))
        #expect(run.state == .waiting)
        #expect(run.unclean == Int64(life))
        // The first time at once, then ever later: brought forward here.
        try scene.writer.transaction(isDurable: false) { () throws(SQLiteError) in
          try scene.writerOfThisLife.postpone(
            run, Postponement(after: .zero), failures: 0, unclean: run.unclean, outcome: nil, reason: nil)
        }
        try scene.dispatcher.state.nextDue = 0
        try scene.dispatcher.work([.tick])
        #expect(scene.recorder.started.count == 1)
      }
      scene.crash()
      #expect(try scene.writer.facts(ofRun: 1)?.state == .held)
      #expect(scene.board.counts.held == 1)
    }
  }

  @Test("on_interrupt = hold leaves a run that was cut off to a person")
  func holds() throws {
    try DispatchScene.with([DispatchScene.action("one") { $0.onInterrupt = .hold }]) { scene in
      try scene.arrive("a")
      scene.crash()
      #expect(try scene.writer.facts(ofRun: 1)?.state == .held)
    }
  }

  @Test("An action that is gone holds its runs; a person's retry joins at the end once it is back")
  func gone() throws {
    let (one, two) = (DispatchScene.action("one"), DispatchScene.action("two"))
    try DispatchScene.with([one, two]) { scene in
      scene.configuration.scripts.maxConcurrent = 1
      try scene.arrive("a")
      scene.crash()
      scene.configuration.actions = [one]
      #expect(try scene.writer.facts(ofRun: 2)?.state == .held)
      scene.crash()
      scene.configuration.actions = [one, two]
      var effects = Effects()
      let changes = try scene.inTransaction { try $0.retry(.runs([2]), &effects) }
      #expect(changes.map(\.from) == ["held"])
      #expect(try scene.states() == [.waiting, .pending])
    }
  }

  @Test("A value that cannot be passed refuses the run, and the next of its key starts at once")
  func refuses() throws {
    let missing = try Parameter("missing")
    let action = DispatchScene.action("one") { $0.parameters = [missing] }
    try DispatchScene.with([action, DispatchScene.action("two")]) { scene in
      try scene.arrive("a")
      #expect(try scene.states() == [.refused, .running])
      #expect(scene.metrics.total("refused") == 1)
    }
  }

  @Test("A suspended action collects, holds nobody up, and its runs join at the end when it is resumed")
  func suspends() throws {
    try DispatchScene.with([DispatchScene.action("one"), DispatchScene.action("two")]) { scene in
      var effects = Effects()
      try scene.inTransaction { try $0.setStatus(.suspended, ofAction: "one", &effects) }
      try scene.arrive("a")
      #expect(scene.recorder.started.map { $0.variable("ONEVENT_ACTION") } == ["two"])
      scene.crash()
      #expect(try scene.dispatcher.standsAside("one"))
      try scene.inTransaction { try $0.setStatus(.default, ofAction: "one", &effects) }
      // Run 2 was cut off by the crash, waits to be tried again, and keeps its key: run 1 joined behind it.
      #expect(try scene.states() == [.pending, .waiting])
      #expect(try scene.writer.facts(ofRun: 1)?.isQueued == true)
      #expect(try scene.writer.facts(ofRun: 1)?.isHead == false)
    }
  }
}
