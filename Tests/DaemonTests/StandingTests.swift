// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Journal
import Settings
import Testing
import WebAPI

@testable import Daemon

/// What a person says of an action counts until its file says something else.
@Suite struct StandingTests {
  private let one = DispatchScene.action("one")

  @discardableResult
  private func set(
    _ status: RequestedStatus, _ name: String? = "one", in scene: DispatchScene
  ) throws -> ActionStanding {
    var effects = Effects()
    let standing = try scene.inTransaction { try $0.setStatus(status, ofAction: name, &effects) }
    for note in effects.notes { note() }
    try scene.dispatcher.work([.tick])
    return standing
  }

  @Test("An action that observes by a person's word runs nothing, and what waited starts once it is resumed")
  func observing() throws {
    try DispatchScene.with([one]) { scene in
      try scene.arrive("a")
      try scene.arrive("b")
      let standing = try set(.observe, in: scene)
      #expect(standing.status == "observe")
      #expect(standing.configured == "enabled")
      #expect(standing.since != nil)
      try scene.arrive("c")
      try scene.end(0)
      #expect(try scene.states() == [.succeeded, .pending, .observed])
      #expect(scene.recorder.started.count == 1)
      #expect(
        try set(.enabled, in: scene)
          == ActionStanding(
            action: "one", status: "enabled", configured: "enabled", since: nil))
      #expect(try scene.states() == [.succeeded, .running, .observed])
    }
  }

  @Test("It outlives a restart and a reload, and ends when the file's own word changes")
  func outlives() throws {
    try DispatchScene.with([one]) { scene in
      try set(.observe, in: scene)
      scene.crash()
      try scene.arrive("a")
      #expect(try scene.states() == [.observed])
      #expect(scene.board.statuses["one"]?.word == .observe)
      try set(.suspended, in: scene)
      let plan = Plan(scene.configuration)
      try scene.dispatcher.work([.asked(Request(perform: { try $0.adopt(plan, &$1) }, answer: { _ in }))])
      try scene.arrive("b")
      #expect(try scene.states() == [.observed, .pending])
      #expect(scene.recorder.started.isEmpty)
      scene.crash()
      scene.configuration.actions[0].mode = .observe
      try scene.dispatcher.work([.tick])
      #expect(try scene.dispatcher.statuses.isEmpty)
    }
  }

  @Test("What the file does not allow is refused with the file's place, and changes nothing")
  func refusals() throws {
    let off = DispatchScene.action("off") { $0.mode = .disabled }
    let sees = DispatchScene.action("sees") { $0.mode = .observe }
    try DispatchScene.with([one, off, sees]) { scene in
      for (status, name, words) in [
        (RequestedStatus.enabled, "off", "disabled in its file, test:1"), (.suspended, "off", "disabled"),
        (.observe, "off", "disabled"), (.enabled, "sees", "only observes by its file, test:1"),
      ] {
        do {
          try set(status, name, in: scene)
          Issue.record("\(status) of \(name) was not refused")
        } catch ControlError.refused(let sentence) {
          #expect(sentence.contains(words), "\(sentence)")
        }
      }
      #expect(throws: ControlError.self) { try set(.suspended, "nobody", in: scene) }
      #expect(throws: ControlError.self) { try set(.observe, nil, in: scene) }
      #expect(try scene.dispatcher.statuses.isEmpty)
      #expect(try set(.default, "off", in: scene).status == "disabled")
      #expect(try set(.observe, "sees", in: scene).since == nil)
      #expect(try set(.suspended, "sees", in: scene).status == "suspended")
      #expect(try set(.default, "sees", in: scene).status == "observe")
    }
  }

  @Test("Each change is told once, by an event of its own")
  func told() throws {
    try DispatchScene.with([one]) { scene in
      for status in [RequestedStatus.suspended, .suspended, .observe, .default, .default] { try set(status, in: scene) }
      try set(.suspended, nil, in: scene)
      try set(.enabled, nil, in: scene)
      let own = try scene.ownEvents()
      #expect(
        own.map(\.type) == [
          "onevent.action.suspended", "onevent.action.observing", "onevent.action.resumed", "onevent.action.suspended",
          "onevent.action.resumed",
        ])
      #expect(own.map { $0.payload["action"] } == ["one", "one", "one", "null", "null"])
      #expect(own[0].payload["status"] == "suspended")
      #expect(own[0].payload["configured"] == "enabled")
    }
  }

  @Test("A reload is told with what it changed, action by action")
  func reloaded() throws {
    try DispatchScene.with([one]) { scene in
      scene.configuration.actions = [
        DispatchScene.action("two"),
        DispatchScene.action("watch") { $0.events.patterns = [EventPattern("onevent.action.removed")] },
      ]
      let plan = Plan(scene.configuration)
      var report = ReloadReport()
      report.revision = "0123456789ab"
      (report.addedActions, report.removedActions) = (["two", "watch"], ["one"])
      let told = report
      try scene.dispatcher.work([
        .asked(
          Request(
            perform: { dispatcher, effects in
              try dispatcher.adopt(plan, &effects)
              try dispatcher.tell(told, &effects)
            }, answer: { _ in }))
      ])
      let own = try scene.ownEvents()
      #expect(
        own.map(\.type) == [
          "onevent.reloaded", "onevent.action.added", "onevent.action.added", "onevent.action.removed",
        ])
      #expect(own[0].payload["added"] == #"["two","watch"]"#)
      #expect(own[1].payload["status"] == "enabled")
      #expect(own[3].payload["status"] == "null")
      // The action that came with the reload is asked already.
      #expect(scene.recorder.started.map { $0.variable("ONEVENT_ACTION") } == ["watch"])
    }
  }

  @Test("What each action took since the start is counted, with the time")
  func tallies() throws {
    try DispatchScene.with([one, DispatchScene.action("never")]) { scene in
      try scene.arrive("a", actions: ["one"])
      try scene.end(0, .exited(3))
      let tally = try #require(scene.board.tallies["one"])
      #expect(tally.matched == 1)
      #expect(tally.lastMatch != nil)
      #expect(tally.ended == [.failed: 1])
      #expect(scene.board.tallies["never"] == nil)
    }
  }
}
