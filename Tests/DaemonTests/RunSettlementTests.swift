// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Journal
import Settings
import Testing

@testable import Daemon

/// `settle = run`: the broker is the truth, the journal is history.
@Suite struct RunSettlementTests {
  @Test("A delivery is settled when the last of its event's runs has ended, failed ones too")
  func settles() throws {
    try DispatchScene.with([DispatchScene.action("one"), DispatchScene.action("two")]) { scene in
      try scene.arrive("a", settle: .run)
      #expect(scene.recorder.settled.isEmpty)
      try scene.end(0)
      #expect(scene.recorder.settled.isEmpty)
      try scene.end(1, .exited(1))
      #expect(scene.recorder.settled == [.init(number: 1, settlement: .accepted)])
    }
  }

  @Test("A redelivery of an event that is going on joins it; one of an event that has ended is settled")
  func joins() throws {
    try DispatchScene.with([DispatchScene.action("one")]) { scene in
      try scene.arrive("a", settle: .run)
      try scene.arrive("a", settle: .run)
      #expect(scene.recorder.started.count == 1)
      try scene.end(0)
      #expect(scene.recorder.settled.map(\.number) == [1, 2])
      try scene.arrive("a", settle: .run)
      #expect(scene.recorder.settled.last == .init(number: 3, settlement: .accepted))
      #expect(scene.recorder.started.count == 1)
    }
  }

  @Test("An unfinished run of an earlier life waits for its redelivery, and only what was not finished goes on")
  func awaits() throws {
    try DispatchScene.with([DispatchScene.action("one"), DispatchScene.action("two")]) { scene in
      try scene.arrive("a", settle: .run)
      try scene.end(0)
      scene.crash()
      try scene.dispatcher.work([.tick])
      #expect(scene.recorder.started.isEmpty)
      #expect(try scene.writer.facts(ofRun: 2)?.isQueued == false)
      try scene.arrive("a", settle: .run)
      #expect(scene.recorder.started.map { $0.variable("ONEVENT_ACTION") } == ["two"])
      #expect(scene.recorder.settled.isEmpty)
      try scene.end(0)
      #expect(scene.recorder.settled == [.init(number: 2, settlement: .accepted)])
      #expect(try scene.states() == [.succeeded, .succeeded])
    }
  }

  @Test("Draining gives back what has not started and finishes every run of an event that has")
  func drains() throws {
    try DispatchScene.with([DispatchScene.action("one"), DispatchScene.action("two")]) { scene in
      scene.configuration.scripts.maxConcurrent = 1
      try scene.arrive("a", node: "x", settle: .run)
      try scene.arrive("b", node: "y", settle: .run)
      try scene.dispatcher.work([.drain])
      #expect(scene.recorder.settled == [.init(number: 2, settlement: .returned)])
      try scene.arrive("c", settle: .run)
      #expect(scene.recorder.settled.last == .init(number: 3, settlement: .returned))
      try scene.end(0)
      #expect(scene.recorder.started.count == 2)
      try scene.end(1)
      #expect(scene.recorder.settled.last == .init(number: 1, settlement: .accepted))
    }
  }

  @Test("Past the drain limit nothing more is started, and an interrupted event is given back for another life")
  func abandons() throws {
    try DispatchScene.with([DispatchScene.action("one"), DispatchScene.action("two")]) { scene in
      scene.configuration.scripts.maxConcurrent = 1
      try scene.arrive("a", settle: .run)
      try scene.dispatcher.work([.drain])
      try scene.dispatcher.work([.abandon])
      try scene.end(0, .interrupted)
      #expect(scene.recorder.started.count == 1)
      #expect(scene.recorder.settled == [.init(number: 1, settlement: .returned)])
      scene.crash()
      try scene.arrive("a", settle: .run)
      #expect(scene.recorder.started.map { $0.variable("ONEVENT_ATTEMPT") } == ["2"])
    }
  }
}
