// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Journal
import Settings
import Synchronization
import Testing
import WebAPI

@testable import Daemon

/// What a reload makes of the runs that there are.
@Suite struct AdoptingTests {
  /// Takes over other actions, as the journal's thread does it.
  private func adopt(
    _ actions: [Action], in scene: DispatchScene, _ change: (inout Configuration) -> Void = { _ in }
  ) throws {
    scene.configuration.actions = actions
    change(&scene.configuration)
    let plan = Plan(scene.configuration)
    let refusals = Refusals()
    try scene.dispatcher.work([
      .asked(
        Request(
          perform: { dispatcher, effects in try dispatcher.adopt(plan, &effects) }, answer: { refusals.add($0) }))
    ])
    #expect(refusals.all == [nil])
  }

  private func path(_ text: String) -> (inout Action) -> Void {
    { action in action.command = Command(path: text, words: [Array(text.utf8)]) }
  }

  @Test("Pending runs start with the new script; one that runs ends as it began")
  func changedScript() throws {
    try DispatchScene.with([DispatchScene.action("one", path("/bin/old"))]) { scene in
      try scene.arrive("a")
      try scene.arrive("b")
      try adopt([DispatchScene.action("one", path("/bin/new"))], in: scene)
      #expect(scene.recorder.started.map(\.invocation.path) == ["/bin/old"])
      try scene.end(0)
      #expect(scene.recorder.started.map(\.invocation.path) == ["/bin/old", "/bin/new"])
      try scene.end(1)
      #expect(try scene.states() == [.succeeded, .succeeded])
    }
  }

  @Test("Pending runs of an action that is gone are held, and what waits behind them goes on")
  func removedAction() throws {
    let two = DispatchScene.action("two")
    try DispatchScene.with([DispatchScene.action("one"), two]) { scene in
      // The first run of the lane is running; behind it wait the second action's and both of the second event.
      try scene.arrive("a")
      try scene.arrive("b")
      try adopt([two], in: scene)
      #expect(try scene.states() == [.running, .pending, .held, .pending])
      try scene.end(0)
      #expect(scene.recorder.started.map { $0.variable("ONEVENT_ACTION") } == ["one", "two"])
      try scene.end(1)
      try scene.end(2)
      #expect(try scene.states() == [.succeeded, .succeeded, .held, .succeeded])
      #expect(scene.board.counts.held == 1)
      #expect(scene.board.counts.total.pending == 0)
    }
  }

  @Test("Under settle = run a delivery whose runs are all held by a reload is settled")
  func removedActionUnderRunSettlement() throws {
    try DispatchScene.with([DispatchScene.action("one") { $0.maxConcurrent = 1 }]) { scene in
      try scene.arrive("a", node: "m", settle: .run)
      let second = try scene.arrive("b", node: "n", settle: .run)
      #expect(scene.recorder.settled.isEmpty)
      try adopt([DispatchScene.action("other")], in: scene)
      #expect(scene.recorder.settled == [.init(number: second, settlement: .accepted)])
      #expect(try scene.states() == [.running, .held])
    }
  }

  @Test("A higher max_concurrent starts what waited for it, and a lower one holds for what comes")
  func limits() throws {
    try DispatchScene.with([DispatchScene.action("one") { $0.maxConcurrent = 1 }]) { scene in
      for number in 0..<4 { try scene.arrive("\(number)", node: "n\(number)") }
      #expect(scene.recorder.started.count == 1)
      try adopt([DispatchScene.action("one") { $0.maxConcurrent = 3 }], in: scene)
      #expect(scene.recorder.started.count == 3)
      try adopt([DispatchScene.action("one") { $0.maxConcurrent = 1 }], in: scene)
      try scene.end(0)
      try scene.end(1)
      #expect(scene.recorder.started.count == 3)
      try scene.end(2)
      #expect(scene.recorder.started.count == 4)
    }
  }

  @Test("A failing run is not tried again once its action only observes")
  func observing() throws {
    let retrying: (inout Action) -> Void = { action in
      action.retry.retries = 3
      action.retry.delay = .zero
      action.retry.maxDelay = .zero
    }
    try DispatchScene.with([DispatchScene.action("one", retrying)]) { scene in
      try scene.arrive("a")
      try adopt(
        [
          DispatchScene.action("one") {
            retrying(&$0)
            $0.mode = .observe
          }
        ], in: scene)
      try scene.end(0, .exited(75))
      #expect(try scene.states() == [.failed])
    }
  }

  @Test("A suspension survives a reload until the file's own `enabled` changes")
  func suspension() throws {
    let one = DispatchScene.action("one")
    try DispatchScene.with([one]) { scene in
      var effects = Effects()
      try scene.inTransaction { try $0.setStatus(.suspended, ofAction: "one", &effects) }
      try adopt([one, DispatchScene.action("two")], in: scene)
      #expect(try scene.dispatcher.standsAside("one"))
      try adopt([DispatchScene.action("one") { $0.mode = .observe }], in: scene)
      #expect(try !scene.dispatcher.standsAside("one"))
    }
  }

  @Test("What cannot be written changes nothing, neither actions nor what may start")
  func takenBack() throws {
    try DispatchScene.with([DispatchScene.action("one")]) { scene in
      let plan = Plan(Configuration())
      let refusals = Refusals()
      try scene.dispatcher.work([
        .asked(
          Request(
            perform: { dispatcher, effects in
              try dispatcher.adopt(plan, &effects)
              throw ControlError.refused("taken back")
            }, answer: { refusals.add($0) }))
      ])
      #expect(refusals.all == [.refused("taken back")])
      #expect(try scene.dispatcher.actions.keys.sorted() == ["one"])
      #expect(try scene.dispatcher.current.value.actions.keys.sorted() == ["one"])
      try scene.arrive("a")
      #expect(try scene.states() == [.running])
    }
  }
}

/// What requests were answered.
private final class Refusals: Sendable {
  private let answers = Mutex([ControlError?]())
  func add(_ answer: ControlError?) { answers.withLock { $0.append(answer) } }
  var all: [ControlError?] { answers.withLock { $0 } }
}
