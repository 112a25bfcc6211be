// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Glibc
import Journal
import Scripts
import Settings
import Testing
import WebAPI

@testable import Daemon

/// What the daemon tells of itself: in the transaction of what it tells of, and never in a circle.
@Suite struct OwnEventTests {
  private static func alert(_ name: String = "alert", on types: String...) -> Action {
    DispatchScene.action(name) { action in
      action.events.patterns = types.map { EventPattern($0) }
      action.retry.retries = 0
    }
  }

  private let works = DispatchScene.action("works") { $0.retry.retries = 0 }

  /// Ends an attempt with something on both streams.
  private func fail(_ index: Int, _ output: String = "", in scene: DispatchScene) throws {
    var printed = KeptOutput()
    printed.head = Array(output.utf8)
    try scene.dispatcher.work([
      .ended(
        scene.recorder.started[index].attempt,
        Completion(outcome: .exited(3), duration: .zero, standardOutput: KeptOutput(), standardError: printed))
    ])
  }

  @Test("A failed run and the event that tells of it are one transaction, and an action on it runs with its facts")
  func failure() throws {
    try DispatchScene.with([works, Self.alert(on: "onevent.run.failed")]) { scene in
      try scene.arrive("a", node: "n1", actions: ["works"])
      try fail(0, "no such lease\n", in: scene)
      #expect(scene.recorder.started.map { $0.variable("ONEVENT_ACTION") } == ["works", "alert"])
      #expect(scene.recorder.started[1].variable("ONEVENT_EVENT_TYPE") == "onevent.run.failed")
      #expect(scene.recorder.started[1].variable("ONEVENT_SOURCE") == "onevent")
      let own = try #require(try scene.ownEvents().first)
      #expect(own.type == "onevent.run.failed")
      #expect(own.result == .matched)
      #expect(own.payload["run"] == "1")
      #expect(own.payload["action"] == "works")
      #expect(own.payload["event_type"] == "a.b")
      #expect(own.payload["state"] == "failed")
      #expect(own.payload["code"] == "3")
      #expect(own.payload["outcome"] == "exited 3")
      #expect(own.payload["stderr"] == "no such lease\n")
      #expect(own.payload["chain"] == #"["works"]"#)
      #expect(try scene.states() == [.failed, .running])
    }
  }

  @Test("The objects and the subject of the event that a run was for go on to the event that tells of the run")
  func objects() throws {
    try DispatchScene.with([works]) { scene in
      var arrival = try scene.arrival("a", node: "n1", actions: ["works"])
      arrival.event.subject = "n1"
      arrival.event.objects = [("node", "n1"), ("lease", "l\"1")]
      try scene.dispatcher.work([.arrived([arrival])])
      try fail(0, in: scene)
      let own = try #require(try scene.ownEvents().first)
      let stored = try #require(try scene.writer.event(own.number))
      #expect(stored.subject == "n1")
      #expect(stored.objects == #"{"node":"n1","lease":"l\"1"}"#)
      #expect(stored.source == "onevent")
    }
  }

  @Test("What a transaction that fails would have told is not told, and once it succeeds it is told once")
  func takenBack() throws {
    try DispatchScene.with([works, Self.alert(on: "onevent.run.discarded")]) { scene in
      try scene.arrive("a", actions: ["works"])
      try fail(0, in: scene)
      let before = try scene.ownEvents().count
      let refused = Request(
        perform: { dispatcher, effects in
          _ = try dispatcher.discard(.runs([1]), &effects)
          throw ControlError.refused("taken back")
        }, answer: { _ in })
      try scene.dispatcher.work([.asked(refused)])
      #expect(try scene.ownEvents().count == before)
      #expect(scene.recorder.started.count == 1)
      let meant = Request(perform: { _ = try $0.discard(.runs([1]), &$1) }, answer: { _ in })
      try scene.dispatcher.work([.asked(meant)])
      #expect(try scene.ownEvents().map(\.type).suffix(1) == ["onevent.run.discarded"])
      #expect(scene.recorder.started.count == 2)
    }
  }

  @Test("A crash behind the commit of a failure loses neither the event that tells of it nor its run")
  func crash() throws {
    try DispatchScene.with([works, Self.alert(on: "onevent.run.failed")]) { scene in
      scene.configuration.scripts.maxConcurrent = 1
      try scene.arrive("a", actions: ["works"])
      try scene.arrive("b", node: "other", actions: ["works"])
      try fail(0, in: scene)
      // The second event's run has the place; the alert waits.
      #expect(try scene.states() == [.failed, .running, .pending])
      scene.crash()
      try scene.dispatcher.work([.tick])
      #expect(try scene.ownEvents().map(\.type) == ["onevent.run.failed"])
      try scene.end(0)
      try scene.dispatcher.work([.tick])
      #expect(Set(scene.recorder.started.map { $0.variable("ONEVENT_ACTION") }) == ["works", "alert"])
    }
  }

  @Test("An action that fails on its own failures is not run for them, and its event says why")
  func selfAnswer() throws {
    try DispatchScene.with([works, Self.alert(on: "onevent.run.failed")]) { scene in
      try scene.arrive("a", actions: ["works"])
      try fail(0, in: scene)
      try fail(1, in: scene)
      #expect(scene.recorder.started.count == 2)
      let own = try scene.ownEvents()
      #expect(own.map(\.type) == ["onevent.run.failed", "onevent.run.failed"])
      #expect(own.map(\.payload["chain"]) == [#"["works"]"#, #"["alert","works"]"#])
      #expect(own.last?.result == .unmatched)
      #expect(own.last?.reason == "not given to alert: a run of its own led to it")
    }
  }

  @Test("Actions that answer to each other's failures end after five runs, one because of the other")
  func depth() throws {
    let alerts = (1...8).map { Self.alert("alert\($0)", on: "onevent.run.failed") }
    try DispatchScene.with([works] + alerts) { scene in
      scene.configuration.scripts.maxConcurrent = 1
      // One of them at a time, so that the chain is one and not a tree.
      for index in scene.configuration.actions.indices.dropFirst() {
        let name = scene.configuration.actions[index].name
        let before = index == 1 ? "works" : "alert\(index - 1)"
        let document = JSONDocument()
        try document.parse(Array(#"{"action": {"eq": "\#(before)"}}"#.utf8))
        scene.configuration.actions[index].filter = try Filter(document.root)
        #expect(name == "alert\(index)")
      }
      try scene.arrive("a", actions: ["works"])
      var index = 0
      while index < scene.recorder.started.count {
        try fail(index, in: scene)
        index += 1
      }
      // The first run, and five because of it.
      #expect(index == 1 + OwnEvent.longestChain)
      let last = try #require(try scene.ownEvents().last)
      #expect(last.result == .unmatched)
      #expect(last.reason?.hasPrefix("not given to alert6: 6 runs led to it") == true, "\(last.reason ?? "-")")
    }
  }

  @Test("That a run succeeded is told only where an action names it, and of the answer itself nothing is stored")
  func successes() throws {
    try DispatchScene.with([works]) { scene in
      try scene.arrive("a", actions: ["works"])
      try scene.end(0)
      #expect(try scene.ownEvents().isEmpty)
    }
    try DispatchScene.with([works, Self.alert(on: "onevent.#")]) { scene in
      try scene.arrive("a", actions: ["works"])
      try scene.end(0)
      try scene.end(1)
      #expect(try scene.ownEvents().map(\.type) == ["onevent.run.succeeded"])
      #expect(scene.recorder.started.count == 2)
    }
  }

  @Test("With own_events = named only what actions name is made")
  func named() throws {
    try DispatchScene.with([works, Self.alert(on: "onevent.run.discarded")]) { scene in
      scene.configuration.journal.ownEvents = .named
      try scene.arrive("a", actions: ["works"])
      try fail(0, in: scene)
      #expect(try scene.ownEvents().isEmpty)
      try scene.dispatcher.work([
        .asked(Request(perform: { _ = try $0.discard(.runs([1]), &$1) }, answer: { _ in }))
      ])
      #expect(try scene.ownEvents().map(\.type) == ["onevent.run.discarded"])
    }
  }

  @Test("An action on everything does not get them, and one whose source is another does not either")
  func onlyWhoNamesThem() throws {
    let all = Self.alert("all", on: "#")
    let foreign = DispatchScene.action("foreign") {
      $0.events.patterns = [EventPattern("onevent.#")]
      $0.sources = ["default"]
    }
    try DispatchScene.with([works, all, foreign]) { scene in
      try scene.arrive("a", actions: ["works"])
      try fail(0, in: scene)
      #expect(scene.recorder.started.count == 1)
      #expect(try scene.ownEvents().map(\.result) == [.unmatched])
    }
  }

  @Test("A run that is refused, held or expired is told of")
  func otherEnds() throws {
    let refused = DispatchScene.action("refused") {
      $0.parameters = [try? Parameter("nothing.there")].compactMap(\.self)
    }
    let old = DispatchScene.action("old") { $0.maxEventAge = .seconds(1) }
    try DispatchScene.with([refused, old]) { scene in
      try scene.arrive("a", actions: ["refused"])
      var arrival = try scene.arrival("b", actions: ["old"])
      arrival.event.runs[0].state = .expired
      arrival.event.runs[0].reason = "the event was 5.000s old"
      try scene.dispatcher.work([.arrived([arrival])])
      try scene.arrive("c", actions: ["old"])
      #expect(try scene.ownEvents().map(\.type) == ["onevent.run.refused", "onevent.run.expired"])
      #expect(try scene.ownEvents()[1].payload["reason"] == "the event was 5.000s old")
      scene.crash()
      scene.configuration.actions.removeAll { $0.name == "old" }
      try scene.dispatcher.work([.tick])
      // Cut off once, it is pending again, of an action that is gone.
      let own = try #require(try scene.ownEvents().last)
      #expect(own.type == "onevent.run.held")
      #expect(own.payload["action"] == "old")
      #expect(own.payload["runs"] == "1")
    }
  }

  @Test("A decision over many runs is told as one event with their number")
  func many() throws {
    try DispatchScene.with([works]) { scene in
      let count = Dispatcher.toldOneByOne + 1
      for number in 1...count { try scene.arrive("e\(number)", node: "n", actions: ["works"]) }
      let numbers = (2...Int64(count)).map(\.self)
      // A hundred, one by one: the first is running.
      try scene.dispatcher.work([
        .asked(Request(perform: { _ = try $0.discard(.runs(numbers), &$1) }, answer: { _ in }))
      ])
      #expect(try scene.ownEvents().count == count - 1)
      try scene.end(0, .exited(3))
      for number in 1...count { try scene.arrive("f\(number)", node: "n", actions: ["works"]) }
      let more = (Int64(count) + 2...2 * Int64(count)).map(\.self)
      try scene.dispatcher.work([
        .asked(Request(perform: { _ = try $0.discard(.runs(more + [1]), &$1) }, answer: { _ in }))
      ])
      let last = try #require(try scene.ownEvents().last)
      #expect(last.payload["runs"] == "\(count)")
      #expect(last.payload["run"] == "null")
      #expect(last.payload["action"] == "works")
    }
  }

  @Test("Each has the members that its type names, in their order, and none besides")
  func members() throws {
    for type in OwnEventType.allCases {
      let document = JSONDocument()
      try document.parse(OwnEvent(type, [:]).body(at: 0))
      #expect(document.root.members.map(\.key) == type.members + ["time"])
    }
  }

  @Test("What a script printed is told by its last KiB, cut between characters, a token in it blanked")
  func output() throws {
    try DispatchScene.with([works]) { scene in
      try scene.arrive("a", actions: ["works"])
      try fail(0, #"{"_context_auth_token": "s3cret"} "# + String(repeating: "é", count: 1_000), in: scene)
      try scene.arrive("b", actions: ["works"])
      try fail(1, #"{"_context_auth_token": "s3cret"}"#, in: scene)
      let own = try scene.ownEvents()
      #expect(own[0].payload["stderr"] == String(repeating: "é", count: 512))
      #expect(own.count == 2)
      for event in own { #expect(!event.body.contains("s3cret")) }
    }
  }

  @Test("That the journal could not be written is told once it can be")
  func recovered() throws {
    try DispatchScene.with([works]) { scene in
      try scene.arrive("a", actions: ["works"])
      try scene.dispatcher.journal.fail(.notOpen)
      // The file is well: the next look opens it again.
      for _ in 0..<2_000 where try scene.ownEvents().isEmpty {
        try scene.dispatcher.work([.tick])
        try scene.dispatcher.work(try scene.dispatcher.inputs.take(waiting: .zero))
        usleep(1_000)
      }
      let own = try #require(try scene.ownEvents().first)
      #expect(own.type == "onevent.journal.recovered")
      #expect(own.payload["reason"]?.isEmpty == false)
      #expect(own.payload["since"]?.hasSuffix("Z") == true)
    }
  }
}

/// One of the daemon's own events, as the journal has it.
struct StoredOwnEvent {
  var number: Int64
  var type: String
  var result: EventResult
  var reason: String?
  var body: String
  /// Texts as they are, everything else as JSON.
  var payload: [String: String]
}

extension DispatchScene {
  /// The daemon's own events that the journal has, oldest first.
  func ownEvents() throws -> [StoredOwnEvent] {
    let writer = try writer
    let numbers = try writer.events(since: nil, until: nil, limit: 10_000) { $0.hasPrefix("onevent.") }
    return try numbers.compactMap { number in
      guard let event = try writer.event(number), let (content, _) = try writer.content(ofEvent: number) else {
        return nil
      }
      let document = JSONDocument()
      try document.parse(content.body)
      let payload = document.root.members.map { ($0.key, $0.value.kind == .string ? $0.value.text : $0.value.json) }
      return StoredOwnEvent(
        number: number, type: event.type, result: event.result, reason: event.reason,
        body: String(decoding: content.body, as: UTF8.self), payload: Dictionary(payload) { $1 })
    }
  }
}
