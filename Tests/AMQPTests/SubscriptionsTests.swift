// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AMQP
import ProgramFixture

@Suite struct SubscriptionsTests {
  private func index(_ tag: String, among count: Int) -> Int? {
    Array(tag.utf8).withUnsafeBufferPointer { Subscriptions.index(ofTag: $0, among: count) }
  }

  @Test("a tag finds its subscription again", arguments: [0, 1, 9, 10, 99_999])
  func roundTrip(place: Int) {
    #expect(index(Subscriptions.tag(of: place), among: 100_000) == place)
  }

  @Test(
    "any other tag finds none",
    arguments: ["", "onevent.", "onevent.5", "onevent.x", "onevent.-1", "onevent.99999999999999999999", "other.0"])
  func others(tag: String) {
    #expect(index(tag, among: 5) == nil)
  }

  /// Enters findings and returns what was told.
  private func told(_ subscriptions: inout Subscriptions, _ finding: QueueLook.Finding) -> [ConsumerEvent] {
    var events: [ConsumerEvent] = []
    subscriptions.enter(QueueLook.Report(generation: 1, findings: [("q", finding)])) { events.append($0) }
    return events
  }

  @Test("a missing queue is told once, and once more after it was there")
  func missing() {
    var subscriptions = Subscriptions([QueueSettings(name: "q")])
    let told1 = told(&subscriptions, .missing)
    #expect(told1 == [.queueMissing(queue: "q")])
    let told2 = told(&subscriptions, .missing)
    #expect(told2 == [])
    let told3 = told(&subscriptions, .found(bindingProblems: []))
    #expect(told3 == [])
    #expect(subscriptions.all[0].phase == .present)
    subscriptions.connectionLost()
    let told4 = told(&subscriptions, .missing)
    #expect(told4 == [.queueMissing(queue: "q")])
  }

  @Test("a problem is told once as long as it holds")
  func problems() {
    var subscriptions = Subscriptions([QueueSettings(name: "q")])
    let told5 = told(&subscriptions, .refused("no"))
    #expect(told5 == [.warning("no")])
    let told6 = told(&subscriptions, .refused("no"))
    #expect(told6 == [])
    #expect(subscriptions.all[0].phase == .absent)
    let told7 = told(&subscriptions, .found(bindingProblems: ["no exchange"]))
    #expect(told7 == [.warning("no exchange")])
    let told8 = told(&subscriptions, .found(bindingProblems: ["no exchange"]))
    #expect(told8 == [])
    let told9 = told(&subscriptions, .found(bindingProblems: []))
    #expect(told9 == [])
    let told10 = told(&subscriptions, .found(bindingProblems: ["no exchange"]))
    #expect(told10 == [.warning("no exchange")])
  }

  @Test("a queue that may not be consumed is left alone for a while, the others are not")
  func refused() {
    var subscriptions = Subscriptions([QueueSettings(name: "a"), QueueSettings(name: "b")])
    let now = Instant(nanoseconds: 1_000_000_000)
    subscriptions.consumeRefused(0) { refusals in now.advanced(by: .seconds(30 * (refusals + 1))) }
    #expect(subscriptions.toLookFor(at: now, bindings: true).map(\.name) == ["b"])
    #expect(subscriptions.toLookFor(at: now.advanced(by: .seconds(30)), bindings: false).map(\.name) == ["a", "b"])
  }

  @Test("a bound queue is looked at again when bindings are due")
  func bindings() {
    var bound = QueueSettings(name: "bound")
    bound.bindings = [.init(exchange: "x", pattern: "#")]
    var subscriptions = Subscriptions([QueueSettings(name: "plain"), bound])
    for index in subscriptions.all.indices { subscriptions.all[index].phase = .active }
    #expect(subscriptions.toLookFor(at: .now, bindings: false).isEmpty)
    #expect(subscriptions.toLookFor(at: .now, bindings: true) == [bound])
  }

  @Test("the next date is never one at which nothing is due", arguments: 0..<200)
  func nextDate(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var subscriptions = Subscriptions(
      (0..<Int.random(in: 1...3, using: &generator)).map { number in
        var queue = QueueSettings(name: "q\(number)")
        if Bool.random(using: &generator) { queue.bindings = [.init(exchange: "x", pattern: "#")] }
        return queue
      })
    func anyDate() -> Instant { Instant(nanoseconds: .random(in: 0...3, using: &generator) * 1_000) }
    let phases = [Subscription.Phase.absent, .present, .active]
    for index in subscriptions.all.indices {
      subscriptions.all[index].phase = phases.randomElement(using: &generator) ?? .absent
      if Bool.random(using: &generator) { subscriptions.all[index].notBefore = anyDate() }
    }
    let (looks, bindings) = (anyDate(), anyDate())
    let date = subscriptions.nextDate(looks: looks, bindings: bindings)
    guard date != .distantFuture else {
      #expect(subscriptions.all.allSatisfy { $0.phase != .absent && $0.queue.bindings.isEmpty })
      return
    }
    #expect(!subscriptions.toLookFor(at: date, bindings: date >= bindings).isEmpty)
  }

  @Test("a bound queue that was refused does not make a look due before its time")
  func refusedBound() {
    var bound = QueueSettings(name: "bound")
    bound.bindings = [.init(exchange: "x", pattern: "#")]
    var subscriptions = Subscriptions([bound])
    let now = Instant(nanoseconds: 1_000_000_000)
    let later = now.advanced(by: .seconds(300))
    subscriptions.consumeRefused(0) { _ in later }
    #expect(subscriptions.nextDate(looks: now, bindings: now) == later)
  }

  @Test("spelled numbers and booleans become such, and the queue's type is told once")
  func arguments() {
    let arguments = BrokerConnection.arguments(
      type: "quorum", ["x-max-length": "10", "x-single-active-consumer": "true", "x-overflow": "drop-head"])
    let texts = arguments.map { argument in
      switch argument.value {
      case .text(let text): "\(argument.name)=\"\(text)\""
      case .integer(let number): "\(argument.name)=\(number)"
      case .boolean(let flag): "\(argument.name)=\(flag)"
      case .table: "\(argument.name)={}"
      }
    }
    let expected = [
      #"x-queue-type="quorum""#, "x-max-length=10", #"x-overflow="drop-head""#, "x-single-active-consumer=true",
    ]
    #expect(texts == expected)
  }

  @Test(
    "a decimal has its point where it belongs",
    arguments: [(1234, 2, "12.34"), (5, 3, "0.005"), (0, 1, "0.0"), (7, 0, "7"), (.max, 255, "")]
      as [(UInt32, Int, String)])
  func decimals(value: UInt32, places: Int, text: String) {
    let found = HeaderValue.decimal(value, places: places)
    #expect(text.isEmpty ? found.count == 257 : found == text)
  }
}
