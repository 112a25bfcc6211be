// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Journal
import Settings
import Testing
import WebAPI

@testable import Daemon

/// A suspended action runs nothing and holds nobody up, whatever its runs were at when it was suspended.
@Suite struct SuspensionTests {
  private let one = DispatchScene.action("one") {
    $0.retry.retries = 3
    $0.retry.delay = .zero
    $0.retry.maxDelay = .zero
  }

  private func suspend(_ isSuspended: Bool, in scene: DispatchScene) throws {
    var effects = Effects()
    try scene.inTransaction { try $0.setStatus(isSuspended ? .suspended : .default, ofAction: "one", &effects) }
    try scene.dispatcher.work([.tick])
  }

  private func expectAside(in scene: DispatchScene) throws {
    #expect(try scene.states().first == .pending)
    #expect(try scene.writer.facts(ofRun: 1)?.isQueued == false)
    #expect(scene.recorder.started.filter { $0.variable("ONEVENT_ACTION") == "one" }.isEmpty)
  }

  @Test("A run that was running when its action was suspended is not tried again, and frees its key")
  func retry() throws {
    try DispatchScene.with([one, DispatchScene.action("two")]) { scene in
      try scene.arrive("a")
      try suspend(true, in: scene)
      try scene.end(0, .exited(75))
      try scene.dispatcher.work([.tick])
      #expect(scene.recorder.started.map { $0.variable("ONEVENT_ACTION") } == ["one", "two"])
      #expect(try scene.states() == [.pending, .running])
      #expect(scene.board.counts.total.waiting == 0)
      #expect(scene.board.counts.total.pending == 1)
      try scene.end(1)
      try suspend(false, in: scene)
      #expect(scene.recorder.started.count == 3)
      // What failed before counts on.
      #expect(try scene.writer.facts(ofRun: 1)?.failures == 1)
    }
  }

  @Test("A run of a suspended action that was cut off by a crash waits aside in the next life")
  func crash() throws {
    try DispatchScene.with([one, DispatchScene.action("two")]) { scene in
      try scene.arrive("a")
      try suspend(true, in: scene)
      scene.crash()
      try scene.dispatcher.work([.tick])
      try expectAside(in: scene)
      #expect(scene.recorder.started.map { $0.variable("ONEVENT_ACTION") } == ["two"])
    }
  }

  @Test("A run of a suspended action that was interrupted by a stop waits aside in the next life")
  func stop() throws {
    try DispatchScene.with([one]) { scene in
      try scene.arrive("a")
      try suspend(true, in: scene)
      try scene.dispatcher.work([.drain])
      try scene.dispatcher.work([.abandon])
      try scene.end(0, .interrupted)
      scene.crash()
      try scene.dispatcher.work([.tick])
      try expectAside(in: scene)
    }
  }

  @Test("A decision that is taken back leaves nothing behind")
  func takenBack() throws {
    try DispatchScene.with([one]) { scene in
      let (suspendsOne, suspendsAll) = (
        Request(
          perform: { dispatcher, effects in
            _ = try dispatcher.setStatus(.suspended, ofAction: "one", &effects)
            throw ControlError.refused("taken back")
          }, answer: { _ in }),
        Request(
          perform: { dispatcher, effects in
            _ = try dispatcher.setStatus(.suspended, ofAction: nil, &effects)
            throw ControlError.refused("taken back")
          }, answer: { _ in })
      )
      try scene.dispatcher.work([.asked(suspendsOne), .asked(suspendsAll)])
      #expect(try !scene.dispatcher.standsAside("one"))
      try scene.arrive("a")
      #expect(scene.recorder.started.count == 1)
    }
  }

  @Test("A run that waits is held when its action only observes in the next life")
  func observes() throws {
    try DispatchScene.with([one]) { scene in
      try scene.arrive("a")
      try scene.arrive("b")
      scene.crash()
      scene.configuration.actions[0].mode = .observe
      try scene.dispatcher.work([.tick])
      #expect(scene.recorder.started.isEmpty)
      #expect(try scene.states() == [.held, .held])
    }
  }

  @Test("Under settle = run a suspended action keeps no delivery from the broker, and loses nothing")
  func settlesWithTheJournal() throws {
    try DispatchScene.with([one]) { scene in
      scene.configuration.scripts.maxConcurrent = 1
      try scene.arrive("a", node: "x", settle: .run)
      try scene.arrive("b", node: "y", settle: .run)
      // Runs of what has come, and of what comes.
      try scene.dispatcher.work([
        .asked(Request(perform: { _ = try $0.setStatus(.suspended, ofAction: "one", &$1) }, answer: { _ in }))
      ])
      #expect(scene.recorder.settled.map(\.number) == [2])
      try scene.arrive("c", node: "z", settle: .run)
      #expect(scene.recorder.settled.map(\.number) == [2, 3])
      try scene.end(0, .exited(75))
      #expect(scene.recorder.settled.map(\.number) == [2, 3, 1])
      #expect(Set(scene.recorder.settled.map(\.settlement)) == [.accepted])
      scene.crash()
      scene.configuration.scripts.maxConcurrent = 4
      try suspend(false, in: scene)
      #expect(scene.recorder.started.count == 3)
    }
  }

  @Test("Under settle = run the redelivery of a suspended action's event is settled, and its run waits aside")
  func settlesRedeliveries() throws {
    try DispatchScene.with([one]) { scene in
      try scene.arrive("a", settle: .run)
      try suspend(true, in: scene)
      scene.crash()
      try scene.arrive("a", settle: .run)
      #expect(scene.recorder.settled.map(\.settlement) == [.accepted])
      try expectAside(in: scene)
      try suspend(false, in: scene)
      #expect(scene.recorder.started.count == 1)
    }
  }
}
