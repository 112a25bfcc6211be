// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Foundation
import Journal
import Logging
import Scripts
import Settings
import Synchronization

@testable import Daemon

/// Records what is started and settled; ends attempts when the test says so.
final class Recorder: AttemptStarter, Settler {
  struct Started: Sendable {
    var attempt: AttemptID
    var invocation: Invocation

    /// A variable of the script's environment.
    func variable(_ name: String) -> String? {
      invocation.environment.map { String(decoding: $0, as: UTF8.self) }
        .first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
    }
  }

  struct Told: Equatable {
    var number: UInt64
    var settlement: Settlement
  }

  private let state = Mutex((started: [Started](), settled: [Told](), holds: [String?]()))

  func start(_ invocation: Invocation, as attempt: AttemptID) {
    state.withLock { $0.started.append(Started(attempt: attempt, invocation: invocation)) }
  }

  func settle(_ settlements: [(tag: DeliveryTag, settlement: Settlement)]) {
    state.withLock { state in
      state.settled += settlements.map { Told(number: $0.tag.number, settlement: $0.settlement) }
    }
  }

  func hold(_ reason: String?) { state.withLock { $0.holds.append(reason) } }

  /// What the sources were told: why they are held, nil = released.
  var holds: [String?] { state.withLock { $0.holds } }
  var started: [Started] { state.withLock { $0.started } }
  var settled: [Told] { state.withLock { $0.settled } }
}

/// A dispatcher on a journal of its own, driven by hand; several lives of it share the journal.
final class DispatchScene {
  let directory: URL
  var configuration = Configuration()
  private(set) var recorder = Recorder()
  private(set) var board = DaemonBoard()
  private(set) var metrics = DaemonMetrics()
  private var living: Dispatcher?
  private var deliveries: UInt64 = 0

  /// Makes a scene for the time of a test.
  static func with(_ actions: [Action], _ body: (DispatchScene) throws -> Void) throws {
    let scene = try DispatchScene(actions)
    defer { scene.remove() }
    try body(scene)
  }

  /// Ends the life and leaves nothing behind; `with` does it by itself.
  func remove() {
    living = nil
    try? FileManager.default.removeItem(at: directory)
  }

  init(_ actions: [Action]) throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("onevent-dispatch-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    configuration.actions = actions
    configuration.journal.path = directory.appendingPathComponent("journal.sqlite").path
    configuration.journal.minFree = 0
    configuration.scripts.maxConcurrent = 4
  }

  /// The dispatcher of the present life.
  var dispatcher: Dispatcher {
    get throws {
      if let living { return living }
      recorder = Recorder()
      board = DaemonBoard()
      metrics = DaemonMetrics()
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      let journal = try openJournal(logger)
      let dispatcher = Dispatcher(
        configuration, journal: journal, runner: recorder, board: board, types: SeenTypes(),
        log: RunLog(logger: logger), metrics: metrics, onHold: { [recorder] in recorder.hold($0) })
      try dispatcher.recover()
      living = dispatcher
      return dispatcher
    }
  }

  /// Opens the journal, as soon as nobody has the lock of the life before.
  ///
  /// A program that another test starts at this moment has it until it is executed.
  private func openJournal(_ logger: Logger) throws -> JournalKeeper {
    for _ in 0..<10_000 {
      do throws(JournalError) {
        return try JournalKeeper(configuration.journal, board: board, metrics: metrics, logger: logger)
      } catch {
        guard case .locked = error else { throw error }
      }
      usleep(1_000)
    }
    return try JournalKeeper(configuration.journal, board: board, metrics: metrics, logger: logger)
  }

  /// Ends the life as a crash does: what is not in the journal is gone.
  func crash() { living = nil }

  var writer: JournalWriter { get throws { try dispatcher.journal.writer } }

  /// Brings one event with a run of each of the actions, in one batch.
  ///
  /// - Returns: The number of its delivery.
  @discardableResult
  func arrive(
    _ id: String?, node: String = "n", actions: [String]? = nil, settle: SettleMode = .journal
  ) throws -> UInt64 {
    try dispatcher.work([.arrived([try arrival(id, node: node, actions: actions, settle: settle)])])
    return deliveries
  }

  /// One event with a run of each of the actions, on its way.
  func arrival(
    _ id: String?, node: String = "n", actions: [String]? = nil, settle: SettleMode = .journal
  ) throws -> Arrival {
    deliveries += 1
    let body = #"{"event_type": "a.b", "message_id": "\#(id ?? "x")", "payload": {"node_uuid": "\#(node)"}}"#
    var envelope = Envelope(source: "default")
    envelope.received = RealTime.now.nanoseconds
    let decoder = EventDecoder(EventMapping(), inflatedLimit: 1 << 20)
    let record = EventRecord(source: "default", settle: settle)
    return try Array(body.utf8).withUnsafeBytes { bytes in
      let event = try decoder.decode(bytes, envelope)
      let runs = configuration.actions.filter { actions?.contains($0.name) ?? true }
        .map { record.newRun(of: $0, for: event, salt: id == nil ? "\(deliveries)" : "") }
      var new = record.newEvent(event, result: .matched, runs: runs)
      if id == nil { new.identity = nil }
      return Arrival(
        event: new, envelope: envelope,
        receipt: Receipt(settler: recorder, tag: DeliveryTag(generation: 1, number: deliveries)))
    }
  }

  /// Ends the attempt that was started as the n-th of this life, counting from 0.
  func end(_ index: Int, _ outcome: Outcome = .exited(0)) throws {
    let attempt = recorder.started[index].attempt
    try dispatcher.work([
      .ended(
        attempt,
        Completion(outcome: outcome, duration: .zero, standardOutput: KeptOutput(), standardError: KeptOutput()))
    ])
  }

  func states() throws -> [RunState] {
    var states: [RunState] = []
    while let run = try writer.facts(ofRun: Int64(states.count + 1)) { states.append(run.state) }
    return states
  }

  static func action(_ name: String, _ change: (inout Action) -> Void = { _ in }) -> Action {
    var action = Action(
      name: name, place: "test:1", command: Command(path: "/bin/true", words: [Array("true".utf8)]))
    action.events.patterns = [EventPattern("a.b")]
    action.orderBy = try? FieldPath("node_uuid")
    change(&action)
    return action
  }
}

extension DispatchScene {
  var writerOfThisLife: JournalWriter {
    guard let writer = try? writer else { preconditionFailure("there is no journal") }
    return writer
  }

  /// Does what a person asked for, as the journal's thread does it.
  @discardableResult
  func inTransaction<Answer>(_ body: (Dispatcher) throws -> Answer) throws -> Answer {
    let dispatcher = try dispatcher
    var answer: Answer?
    try dispatcher.journal.throwingTransaction { answer = try body(dispatcher) }
    guard let answer else { preconditionFailure("a committed transaction has an answer") }
    return answer
  }
}
