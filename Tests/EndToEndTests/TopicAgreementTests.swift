// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Testing

@testable import Events
import ProgramFixture

/// Patterns of `events` against the topic exchange that they are modelled on.
@Suite struct TopicAgreementTests {
  /// By hand: what a generator hits too rarely.
  static let patterns = [
    "", "#", "*", ".", "..", "#.#", "*.*", "*.#", "#.*", "#.*.#", "*.#.*", ".#", "#.", ".*", "*.", "a.#", "#.a",
    "a.#.b", "a.*.b", "a..b", "#.a.#", "#.a.#.b.#", "a#", "#a", "a*", "*a", "a.#b", "a.*b", "##", "**", "#.#.a",
    "a.#.#", "esi_leap.lease.*.end", "esi_leap.#", "#.end",
  ]
  static let keys = [
    "", ".", "..", "a", "a.", ".a", "a.b", "a..b", "a.b.", ".a.b", "#", "*", "a.#", "a.*", "#.b", "a#", "##", "A",
    "a.b.a.b", "b.a", "esi_leap.lease.fulfill.end", "esi_leap.lease", "esi_leap",
  ]

  @Test("Topic patterns agree with RabbitMQ itself")
  func agrees() throws {
    let seed: UInt64 = 20_261_120
    var random = SeededGenerator(seed: seed)
    let patterns = Self.patterns + Self.topics(30, of: ["a", "b", "*", "#", "", "a*", "#b"], &random)
    let keys = Self.keys + Self.topics(30, of: ["a", "b", "", "*", "#", "ab"], &random)
    #expect(patterns.count * keys.count >= 2_000)

    let broker = try Broker.shared()
    let session = try broker.session()
    let exchange = broker.uniqueName("exchange")
    try session.declareExchange(exchange)
    defer { try? session.deleteExchange(exchange) }
    let queues = patterns.map { _ in broker.uniqueName() }
    for (queue, pattern) in zip(queues, patterns) {
      try session.declareQueue(queue, exclusive: true)
      try session.bind(queue: queue, exchange: exchange, pattern: pattern)
    }
    try session.publish(
      keys.enumerated().map { (routingKey: $0.element, body: Array(String($0.offset).utf8)) }, exchange: exchange)

    var matches = 0
    for (queue, pattern) in zip(queues, patterns) {
      let routed = Set(try session.drain(queue).map(\.text))
      let ours = EventPattern(pattern)
      for (index, key) in keys.enumerated() {
        let theirs = routed.contains(String(index))
        if theirs { matches += 1 }
        #expect(
          ours.matches(key) == theirs, "pattern `\(pattern)`, key `\(key)`, seed \(seed): the broker says \(theirs)")
      }
    }
    // Neither side may win by always saying the same.
    #expect(matches > 200 && matches < patterns.count * keys.count - 200)
  }

  private static func topics(_ count: Int, of words: [String], _ random: inout SeededGenerator) -> [String] {
    (0..<count).map { _ in
      (0..<Int.random(in: 1...6, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }
        .joined(separator: ".")
    }
  }
}
