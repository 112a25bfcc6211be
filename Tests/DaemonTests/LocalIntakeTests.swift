// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Logging
import Settings
import Synchronization
import Testing
import WebAPI

@testable import Daemon
@testable import Journal

/// The local source on a journal of its own; what a test publishes is stored when the test has the dispatcher work.
private final class LocalScene {
  let scene: DispatchScene
  let intake: LocalIntake

  init(_ actions: [Action]) throws {
    scene = try DispatchScene(actions)
    let dispatcher = try scene.dispatcher
    intake = LocalIntake(
      current: dispatcher.current, inputs: dispatcher.inputs, board: scene.board, unmatched: UnmatchedEvents(),
      types: SeenTypes(), metrics: scene.metrics, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  deinit { scene.remove() }

  /// Publishes side by side, and has the dispatcher do in one turn what has come by then.
  func publish(_ requests: [[Publication]]) async throws -> [Result<[PublishedEvent], PublishRefusal>] {
    let (intake, done) = (intake, Done())
    let tasks = requests.map { request in
      Task.detached { () async -> Result<[PublishedEvent], PublishRefusal> in
        defer { done.count.add(1, ordering: .relaxed) }
        do throws(PublishRefusal) {
          return .success(try await intake.publish(request))
        } catch {
          return .failure(error)
        }
      }
    }
    var brought: [DispatchInput] = []
    // Those that are refused bring nothing.
    while done.count.load(ordering: .relaxed) + brought.count < requests.count {
      brought += try scene.dispatcher.inputs.take(waiting: .milliseconds(20))
      // The requests need a thread of the pool, too, and it has no more than there are processors.
      await Task.yield()
    }
    try scene.dispatcher.work(brought)
    var results: [Result<[PublishedEvent], PublishRefusal>] = []
    for task in tasks { results.append(await task.value) }
    return results
  }

  private final class Done: Sendable {
    let count = Atomic(0)
  }

  func publish(_ bodies: String...) async throws -> [PublishedEvent] {
    try await publish([bodies.map(Self.publication)])[0].get()
  }

  /// What anybody may read of the journal.
  var reader: JournalReader { get throws { try JournalReader(path: scene.configuration.journal.path) } }

  /// How many transactions were committed.
  var commits: Int {
    let page = String(decoding: scene.metrics.exposition([:]), as: UTF8.self)
    let line = page.split(separator: "\n").first { $0.hasPrefix("onevent_journal_commit_seconds_count ") }
    return line.flatMap { Int($0.split(separator: " ").last ?? "") } ?? -1
  }

  static func publication(_ body: String) -> Publication {
    Publication(body: Array(body.utf8), contentType: Envelope.localContentType, isNamed: body.contains("\"id\""))
  }
}

@Suite struct LocalIntakeTests {
  private static func doorAction(_ change: (inout Action) -> Void = { _ in }) -> Action {
    DispatchScene.action("door") {
      $0.events.patterns = [EventPattern("door.#")]
      change(&$0)
    }
  }

  @Test("a published event is stored with its runs, and what nothing matches is stored, too")
  func stores() async throws {
    let local = try LocalScene([Self.doorAction()])
    let events = try await local.publish(
      #"{"type":"door.opened","tags":["site:north"],"subject":"d","objects":{"door":"d"},"payload":{"value":2}}"#,
      #"{"type":"other"}"#)
    #expect(events.map(\.number) == [1, 2])
    #expect(events.map(\.result) == [.matched, .unmatched])
    #expect(events.allSatisfy { !$0.isDuplicate && $0.id.utf8.count == 32 })
    #expect(events[0].id != events[1].id)
    #expect(local.scene.recorder.started.count == 1)
    #expect(local.scene.recorder.started[0].variable("ONEVENT_SUBJECT") == "d")
    #expect(local.scene.recorder.started[0].variable("ONEVENT_SOURCE") == "local")
    let stored = try #require(try await local.reader.event(1))
    #expect(stored.source == "local" && stored.subject == "d" && stored.time == events[0].time)
    #expect(stored.tags == #"["site","site:north"]"#)
    #expect(stored.objects.contains("\"door\""))
  }

  @Test("requests that come together are one transaction, and each is answered with its own events")
  func groups() async throws {
    let local = try LocalScene([])
    // The first turn also does what is due at a start.
    _ = try await local.publish("{}")
    let before = local.commits
    let results = try await local.publish((0..<16).map { [LocalScene.publication(#"{"type":"t\#($0)"}"#)] })
    #expect(local.commits == before + 1)
    let numbers = try results.map { try #require(try $0.get()[0].number) }
    #expect(Set(numbers) == Set(2...17))
    for (index, number) in numbers.enumerated() {
      #expect(try await local.reader.event(number)?.type == "t\(index)")
    }
  }

  @Test("an id with the same content is stored once, also within a list, and its number is told again")
  func duplicates() async throws {
    let local = try LocalScene([Self.doorAction()])
    let same = #"{"type":"door.x","id":"7"}"#
    let first = try await local.publish(same, same)
    #expect(first.map(\.number) == [1, 1] && first.map(\.isDuplicate) == [false, true])
    let again = try await local.publish(same, #"{"type":"door.x","id":"7","payload":1}"#)
    #expect(again.map(\.number) == [1, 2] && again.map(\.isDuplicate) == [true, false])
    #expect(try local.scene.states().count == 2)
  }

  @Test("one event that is none keeps the whole list out")
  func wholeOrNothing() async throws {
    let local = try LocalScene([])
    let broken = Publication(
      body: Array(#"{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"%"}"#.utf8),
      contentType: "application/cloudevents+json", isNamed: true)
    let refused = try await local.publish([[LocalScene.publication("{}"), broken]])[0]
    guard case .failure(.invalid(1, let reason)) = refused else { return #expect(Bool(false), "\(refused)") }
    #expect(reason.contains("base64"))
    let large = LocalScene.publication(#"{"type":"t","payload":"\#(String(repeating: "x", count: 1 << 20))"}"#)
    let tooLarge = try await local.publish([[LocalScene.publication("{}"), large]])[0]
    guard case .failure(.tooLarge(1, _)) = tooLarge else { return #expect(Bool(false), "\(tooLarge)") }
    #expect(try local.scene.writer.event(1) == nil)
  }

  @Test("CloudEvents are matched by their type, and read again from the journal")
  func cloudEvents() async throws {
    let local = try LocalScene([
      Self.doorAction { $0.parameters = ["value", "@context.room"].compactMap { try? Parameter($0) } }
    ])
    let attributes = [("specversion", "1.0"), ("id", "1"), ("source", "/s"), ("type", "door.ce"), ("room", "r")]
    let binary = Publication(
      body: Array(#"{"value":3}"#.utf8), contentType: "application/json",
      headers: attributes.map { Envelope.Header(name: "cloudEvents_\($0.0)", value: .text($0.1)) }, isNamed: true)
    let structured = Publication(
      body: Array(#"{"specversion":"1.0","id":"2","source":"/s","type":"door.ce","room":"q","data":{"value":4}}"#.utf8),
      contentType: "application/cloudevents+json", isNamed: true)
    let events = try await local.publish([[binary, structured]])[0].get()
    #expect(events.map(\.id) == ["1", "2"] && events.allSatisfy { $0.result == .matched })
    let arguments = local.scene.recorder.started.map {
      $0.invocation.arguments.dropFirst().map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(arguments == [["3", "r"], ["4", "q"]])
    let replayed = try local.scene.inTransaction { dispatcher in
      var effects = Effects()
      return try dispatcher.replay(
        ReplayRequest(events: [1, 2], since: nil, until: nil, type: nil, action: nil, dryRun: true), &effects)
    }
    #expect(replayed.items.map(\.event) == [1, 2] && replayed.unmatched.isEmpty)
  }

  @Test("at the journal's bound events are put off, in its trouble refused, and taken again when it is over")
  func bounds() async throws {
    let local = try LocalScene([])
    let event = [LocalScene.publication("{}")]
    local.scene.board.setHold("5 runs are pending")
    guard case .failure(.busy(let reason)) = try await local.publish([event])[0] else { return #expect(Bool(false)) }
    #expect(reason.contains("5 runs are pending"))
    local.scene.board.setTrouble("no space left")
    guard case .failure(.unavailable) = try await local.publish([event])[0] else { return #expect(Bool(false)) }
    local.scene.board.setTrouble(nil)
    local.scene.board.setHold(nil)
    #expect(try await local.publish([event])[0].get().count == 1)
  }

  @Test("a commit that fails is told to everybody who waits for it, and nothing is stored")
  func failedCommit() async throws {
    let local = try LocalScene([])
    try local.scene.writer.connection.execute("PRAGMA query_only = ON")
    let results = try await local.publish([[LocalScene.publication("{}")], [LocalScene.publication("{}")]])
    for result in results {
      guard case .failure(.unavailable) = result else { return #expect(Bool(false), "\(result)") }
    }
  }

  @Test("a list is never split between transactions, however many events come at once")
  func portions() throws {
    let scene = try DispatchScene([])
    defer { scene.remove() }
    let dispatcher = try scene.dispatcher
    func batch(_ count: Int) -> DispatchInput {
      let record = EventRecord(source: "local", settle: .journal)
      let event = record.undecodable(Envelope(source: "local"), body: [], size: 0, reason: "")
      let arrival = Arrival(event: event, envelope: Envelope(source: "local"), receipt: nil)
      return .published(PublishedBatch(arrivals: Array(repeating: arrival, count: count)) { _ in })
    }
    func sizes(_ counts: Int...) -> [[Int]] {
      dispatcher.portions(of: counts.map(batch)).map { $0.map { $0.arrivals.count } }
    }
    #expect(sizes(600, 400) == [[600, 400]])
    #expect(sizes(600, 600) == [[600], [600]])
    #expect(sizes(1_000, 1_000, 1) == [[1_000], [1_000], [1]])
    dispatcher.arrivalLimit = 10
    #expect(sizes(1_000, 5, 5, 5) == [[1_000], [5, 5], [5]])
  }
}
