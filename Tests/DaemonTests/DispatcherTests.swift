// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Glibc
import Logging
import Scripts
import Synchronization
import Testing

@testable import Daemon

/// Records what is started and settled; ends attempts when the test says so.
private final class Recorder: AttemptStarter, Settler {
  private let state = Mutex((started: [UInt64](), settled: [Told]()))

  struct Told: Equatable {
    var number: UInt64
    var settlement: Settlement
  }

  func start(_ invocation: Invocation, as attempt: AttemptID) {
    state.withLock { $0.started.append(attempt.number) }
  }

  func settle(_ settlements: [(tag: DeliveryTag, settlement: Settlement)]) {
    state.withLock { state in
      state.settled += settlements.map { Told(number: $0.tag.number, settlement: $0.settlement) }
    }
  }

  var started: [UInt64] { state.withLock { $0.started } }
  var settled: [Told] { state.withLock { $0.settled } }
}

/// Keeps the messages that are logged.
private final class RecordedLines: LogHandler {
  private let kept = Mutex<[String]>([])

  var messages: [String] { kept.withLock { $0 } }
  var logLevel: Logger.Level {
    get { .info }
    set {}
  }
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) { kept.withLock { $0.append(event.message.description) } }
}

@Suite struct DispatcherTests {
  private let recorder = Recorder()
  private let counters = Counters()

  private func makeDispatcher(
    maxConcurrent: Int = 4, logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  ) -> Dispatcher {
    let action = Action(name: "fulfill", place: "test:1", command: Command(path: "/bin/true", words: []))
    return Dispatcher(
      actions: [action, action], maxConcurrent: maxConcurrent, runner: recorder, log: RunLog(logger: logger),
      counters: counters)
  }

  private func identity(_ id: String) -> EventIdentity {
    EventIdentity(source: "default", id: id, bodyDigest: nil)
  }

  private func receipt(_ number: UInt64) -> Receipt {
    Receipt(settler: recorder, tag: DeliveryTag(generation: 1, number: number))
  }

  private func run(_ event: UInt64, action: Int = 0, key: String? = nil) -> Run {
    Run(
      id: "run", event: event, eventType: "test", action: action, actionName: "fulfill", key: key,
      invocation: Invocation(
        path: "/bin/true", arguments: [], environment: [], standardInput: nil, workingDirectory: "/",
        timeout: .seconds(1), killAfter: .seconds(1)),
      warnAfter: .seconds(1))
  }

  private func end(_ dispatcher: Dispatcher, _ number: UInt64, _ outcome: Outcome = .exited(0)) {
    dispatcher.ended(
      AttemptID(number),
      Completion(outcome: outcome, duration: .zero, standardOutput: KeptOutput(), standardError: KeptOutput()))
  }

  @Test("A delivery is accepted when the last of its event's runs has ended, failed ones too")
  func settlesAfterLastRun() {
    let dispatcher = makeDispatcher()
    #expect(dispatcher.admit(identity("a"), receipt(7)) == .new(1))
    #expect(dispatcher.enqueue([run(1), run(1, action: 1)], of: 1) == nil)
    #expect(recorder.started == [1, 2])
    end(dispatcher, 2, .exited(3))
    #expect(recorder.settled.isEmpty)
    end(dispatcher, 1)
    #expect(recorder.settled == [.init(number: 7, settlement: .accepted)])
    #expect(dispatcher.isIdle)
  }

  @Test("A redelivery of an event that is going on joins it; one of an event that has ended is told so")
  func joins() {
    let dispatcher = makeDispatcher()
    #expect(dispatcher.admit(identity("a"), receipt(1)) == .new(1))
    #expect(dispatcher.enqueue([run(1)], of: 1) == nil)
    #expect(dispatcher.admit(identity("a"), receipt(2)) == .joined(1))
    end(dispatcher, 1)
    #expect(recorder.started == [1])
    #expect(recorder.settled.map(\.number) == [1, 2])
    #expect(dispatcher.admit(identity("a"), receipt(3)) == .ended(1))
  }

  @Test("Events without an identity are never taken for duplicates")
  func anonymous() {
    let dispatcher = makeDispatcher()
    #expect(dispatcher.admit(nil, receipt(1)) == .new(1))
    #expect(dispatcher.admit(nil, receipt(2)) == .new(2))
  }

  @Test("An event without runs is accepted at once")
  func nothingToRun() {
    let dispatcher = makeDispatcher()
    #expect(dispatcher.admit(identity("a"), receipt(1)) == .new(1))
    #expect(dispatcher.enqueue([], of: 1) == .accepted)
    #expect(dispatcher.isIdle)
    #expect(dispatcher.admit(identity("a"), receipt(2)) == .ended(1))
  }

  @Test("Draining gives back what has not started and finishes every run of an event that has")
  func drains() {
    let dispatcher = makeDispatcher(maxConcurrent: 1)
    _ = dispatcher.admit(identity("a"), receipt(1))
    _ = dispatcher.enqueue([run(1), run(1, action: 1)], of: 1)
    _ = dispatcher.admit(identity("b"), receipt(2))
    _ = dispatcher.enqueue([run(2)], of: 2)
    dispatcher.drain()
    #expect(recorder.settled == [.init(number: 2, settlement: .returned)])
    #expect(dispatcher.admit(identity("c"), receipt(3)) == .new(3))
    #expect(dispatcher.enqueue([run(3)], of: 3) == .returned)
    end(dispatcher, 1)
    #expect(recorder.started == [1, 2])
    end(dispatcher, 2)
    #expect(recorder.settled.last == .init(number: 1, settlement: .accepted))
    #expect(dispatcher.isIdle)
  }

  @Test("An interrupted run gives its event back, and the redelivery is new")
  func interrupted() {
    let dispatcher = makeDispatcher()
    _ = dispatcher.admit(identity("a"), receipt(1))
    _ = dispatcher.enqueue([run(1)], of: 1)
    end(dispatcher, 1, .interrupted)
    #expect(recorder.settled == [.init(number: 1, settlement: .returned)])
    #expect(dispatcher.admit(identity("a"), receipt(2)) == .new(2))
  }

  @Test("Past the drain limit nothing more is started, and an event with a run left over is given back")
  func abandons() {
    let dispatcher = makeDispatcher(maxConcurrent: 1)
    _ = dispatcher.admit(identity("a"), receipt(1))
    _ = dispatcher.enqueue([run(1), run(1, action: 1)], of: 1)
    dispatcher.drain()
    dispatcher.abandonPending()
    end(dispatcher, 1, .interrupted)
    #expect(recorder.started == [1])
    #expect(recorder.settled == [.init(number: 1, settlement: .returned)])
    #expect(dispatcher.isIdle)
  }

  @Test("A start that the system had no resources for is tried again, keeps its place, and settles nothing")
  func starvation() {
    let dispatcher = makeDispatcher(maxConcurrent: 1)
    for number in UInt64(1)...2 {
      _ = dispatcher.admit(identity("\(number)"), receipt(number))
      _ = dispatcher.enqueue([run(number)], of: number)
    }
    end(dispatcher, 1, .couldNotStart(errno: EMFILE, reason: "no descriptors"))
    #expect(recorder.settled.isEmpty)
    dispatcher.retryStarvedStarts(now: .now)
    #expect(recorder.started == [1])
    dispatcher.retryStarvedStarts(now: .now + .seconds(1))
    #expect(recorder.started == [1, 2])
    end(dispatcher, 2)
    #expect(recorder.settled == [.init(number: 1, settlement: .accepted)])
    #expect(recorder.started == [1, 2, 3])
    end(dispatcher, 3, .couldNotStart(errno: ENOENT, reason: "no such file"))
    #expect(recorder.settled.last == .init(number: 2, settlement: .accepted))
  }

  @Test("A run that waits for resources is given back when the daemon stops")
  func starvedAtStop() {
    let dispatcher = makeDispatcher()
    _ = dispatcher.admit(identity("a"), receipt(1))
    _ = dispatcher.enqueue([run(1)], of: 1)
    end(dispatcher, 1, .couldNotStart(errno: EAGAIN, reason: "no process"))
    dispatcher.drain()
    #expect(!dispatcher.isIdle)
    dispatcher.abandonPending()
    #expect(recorder.settled == [.init(number: 1, settlement: .returned)])
    #expect(dispatcher.isIdle)
  }

  @Test("A run that takes longer than warn_after is told once")
  func slowRun() {
    let lines = RecordedLines()
    let dispatcher = makeDispatcher(logger: Logger(label: "test") { _ in lines })
    _ = dispatcher.admit(identity("a"), receipt(1))
    _ = dispatcher.enqueue([run(1)], of: 1)
    dispatcher.warnOfSlowRuns(now: .now)
    #expect(lines.messages.isEmpty)
    dispatcher.warnOfSlowRuns(now: .now + .seconds(2))
    dispatcher.warnOfSlowRuns(now: .now + .seconds(3))
    #expect(lines.messages == ["run takes longer than warn_after"])
  }

  @Test("Runs that read the same input hold it once")
  func sharedInput() {
    let input = [UInt8](repeating: 1, count: 1000)
    let runs = (0..<3).map { _ in
      var run = run(1)
      run.invocation.standardInput = input
      run.invocation.arguments = [[1, 2]]
      return run
    }
    #expect(Run.size(of: runs) == 1006)
  }

  @Test("Ended identities are remembered up to a bound, the oldest forgotten first")
  func bounded() {
    var recent = RecentIdentities(limit: 2)
    for (number, id) in ["a", "b", "c"].enumerated() { recent.insert(identity(id), number: UInt64(number)) }
    #expect(recent[identity("a")] == nil)
    #expect(recent[identity("b")] == 1)
    #expect(recent[identity("c")] == 2)
  }
}
