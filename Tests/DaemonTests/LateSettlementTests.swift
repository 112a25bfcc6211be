// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Journal
import Settings
import Testing
import WebAPI

@testable import Daemon

/// Under `settle = run` the broker brings back what it was not told of, and nothing else: what it does not know of any
/// more is the journal's.
@Suite struct LateSettlementTests {
  private let actions = [DispatchScene.action("one"), DispatchScene.action("two")]

  @Test("What a person retries after its delivery was settled is not awaited from the broker")
  func retry() throws {
    try DispatchScene.with([actions[0]]) { scene in
      try scene.arrive("a", settle: .run)
      try scene.end(0, .exited(1))
      #expect(scene.recorder.settled.map(\.settlement) == [.accepted])
      var effects = Effects()
      try scene.inTransaction { _ = try $0.retry(.runs([1]), &effects) }
      scene.crash()
      try scene.dispatcher.work([.tick])
      #expect(scene.recorder.started.count == 1)
    }
  }

  @Test("What a person replays after its delivery was settled is not awaited from the broker")
  func replay() throws {
    try DispatchScene.with([actions[0]]) { scene in
      try scene.arrive("a", settle: .run)
      try scene.end(0)
      var effects = Effects()
      let request = ReplayRequest(events: [1], since: nil, until: nil, type: nil, action: nil, dryRun: false)
      try scene.inTransaction { _ = try $0.replay(request, &effects) }
      scene.crash()
      try scene.dispatcher.work([.tick])
      #expect(scene.recorder.started.count == 1)
    }
  }

  @Test("A run that is retried while its event is going on is waited for, too")
  func retryOfOpen() throws {
    try DispatchScene.with(actions) { scene in
      try scene.arrive("a", settle: .run)
      try scene.end(0, .exited(1))
      var effects = Effects()
      try scene.inTransaction { _ = try $0.retry(.runs([1]), &effects) }
      try scene.end(1)
      #expect(scene.recorder.settled.isEmpty)
      try scene.end(2)
      #expect(scene.recorder.settled.map(\.settlement) == [.accepted])
    }
  }

  @Test("What is retried beside a run that awaits its redelivery goes on with it")
  func retryBesideAwaited() throws {
    try DispatchScene.with(actions) { scene in
      try scene.arrive("a", settle: .run)
      try scene.end(0, .exited(1))
      scene.crash()
      scene.configuration.scripts.maxConcurrent = 1
      var effects = Effects()
      try scene.inTransaction { _ = try $0.retry(.runs([1]), &effects) }
      try scene.arrive("a", settle: .run)
      #expect(scene.recorder.started.map { $0.variable("ONEVENT_ACTION") } == ["one"])
      try scene.end(0)
      #expect(scene.recorder.settled.isEmpty)
      try scene.end(1)
      #expect(scene.recorder.settled.map(\.settlement) == [.accepted])
    }
  }

  @Test("A redelivery that is settled with the journal, as the file says now, makes the runs the journal's")
  func changedRule() throws {
    try DispatchScene.with([actions[0]]) { scene in
      try scene.arrive("a", settle: .run)
      scene.crash()
      try scene.arrive("a", settle: .journal)
      #expect(scene.recorder.settled.map(\.settlement) == [.accepted])
      #expect(scene.recorder.started.count == 1)
      scene.crash()
      try scene.dispatcher.state.nextDue = 0
      try scene.dispatcher.work([.tick])
      #expect(try scene.writer.facts(ofRun: 1)?.isQueued == true)
    }
  }

  @Test("A stop keeps an action's limit")
  func drain() throws {
    let limited = DispatchScene.action("limited") {
      $0.maxConcurrent = 1
      $0.orderBy = nil
    }
    try DispatchScene.with([limited, DispatchScene.action("free") { $0.orderBy = nil }]) { scene in
      try scene.arrive("a", settle: .run)
      try scene.arrive("b", settle: .run)
      let started = { scene.recorder.started.map { $0.variable("ONEVENT_ACTION") } }
      #expect(started() == ["limited", "free", "free"])
      try scene.dispatcher.work([.drain])
      #expect(started() == ["limited", "free", "free"])
      try scene.end(0)
      #expect(started() == ["limited", "free", "free", "limited"])
    }
  }
}
