// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import Scripts
import Settings
import Testing
import WebAPI

@testable import Daemon

/// What is started, and made ready to be started, before the end of the last run is recorded.
@Suite struct StartingAheadTests {
  private func withOneAtATime(_ body: (DispatchScene) throws -> Void) throws {
    try DispatchScene.with([DispatchScene.action("one") { $0.orderBy = nil }]) { scene in
      scene.configuration.scripts.maxConcurrent = 1
      for id in ["a", "b", "c"] { try scene.arrive(id) }
      #expect(try scene.states() == [.running, .pending, .pending])
      try body(scene)
    }
  }

  /// Scripts end, by the order of their starts, and nothing of that is recorded.
  private func giveWay(in scene: DispatchScene, of indices: [Int] = [0]) throws {
    let ended = indices.map { index in
      DispatchInput.ended(
        scene.recorder.started[index].attempt,
        Completion(outcome: .exited(0), duration: .zero, standardOutput: KeptOutput(), standardError: KeptOutput()))
    }
    #expect(try scene.dispatcher.startAhead(of: ended) == nil)
  }

  @Test("A run whose script has ended gives way before that is recorded, to one other and no more")
  func givesWay() throws {
    try withOneAtATime { scene in
      try giveWay(in: scene)
      #expect(try scene.states() == [.running, .running, .pending])
      #expect(scene.board.runningCount == 1)
      // Told again, as after a record that failed, it gives way to nobody else, whatever has ended besides.
      try giveWay(in: scene, of: [0, 1])
      #expect(try scene.states() == [.running, .running, .pending])
      try scene.end(0)
      #expect(try scene.states() == [.succeeded, .running, .pending])
      #expect(scene.board.runningCount == 1)
      try scene.end(1)
      try scene.end(2)
      #expect(try scene.states() == [.succeeded, .succeeded, .succeeded])
      #expect(scene.board.runningCount == 0)
    }
  }

  @Test("After a crash between a start and the record of the end before it, both were cut off")
  func crash() throws {
    try withOneAtATime { scene in
      try giveWay(in: scene)
      scene.crash()
      _ = try scene.dispatcher
      #expect(try (1...2).map { try scene.writer.facts(ofRun: $0)?.unclean } == [1, 1])
      try scene.dispatcher.work([.tick])
      #expect(scene.recorder.started.first?.variable("ONEVENT_ATTEMPT") == "2")
    }
  }

  @Test("A run of the same key does not start before the end of the one before it is recorded")
  func lanes() throws {
    try DispatchScene.with([DispatchScene.action("one")]) { scene in
      try scene.arrive("a")
      try scene.arrive("b")
      try giveWay(in: scene)
      #expect(try scene.states() == [.running, .pending])
      try scene.end(0)
      #expect(try scene.states() == [.succeeded, .running])
    }
  }

  @Test("What was made ready is what starts, unless the action has changed since")
  func prepared() throws {
    try withOneAtATime { scene in
      try scene.dispatcher.prepareStarts()
      #expect(try scene.dispatcher.prepared.keys.sorted() == [2, 3])
      try scene.end(0)
      #expect(scene.recorder.started[1].variable("ONEVENT_EVENT_NUMBER") == "2")
      #expect(try scene.dispatcher.prepared.keys.sorted() == [3])
      scene.configuration.actions = [
        DispatchScene.action("one") { action in
          action.orderBy = nil
          action.command = Command(path: "/bin/new", words: [Array("/bin/new".utf8)])
        }
      ]
      let plan = Plan(scene.configuration)
      try scene.dispatcher.work([
        .asked(Request(perform: { dispatcher, effects in try dispatcher.adopt(plan, &effects) }, answer: { _ in }))
      ])
      try scene.end(1)
      #expect(scene.recorder.started.map(\.invocation.path) == ["/bin/true", "/bin/true", "/bin/new"])
    }
  }

  @Test("What was made ready and never started is let go of")
  func forgotten() throws {
    try withOneAtATime { scene in
      for number in 0..<40 {
        try scene.arrive("more \(number)")
        try scene.dispatcher.prepareStarts()
        try scene.inTransaction { dispatcher in
          for run in dispatcher.state.windows.next(8) {
            dispatcher.state.windows.remove(run.number, ofAction: run.action)
          }
        }
      }
      #expect(try scene.dispatcher.prepared.count <= 4)
    }
  }
}
