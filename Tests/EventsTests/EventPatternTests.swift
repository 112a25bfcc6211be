// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events
import ProgramFixture

@Suite struct EventPatternTests {
  @Test(
    "Types match by the rules of RabbitMQ's topic exchange",
    arguments: [
      ("pylabs.event.crm.*.cancel.#", "pylabs.event.crm.operation.cancel", true),
      ("pylabs.event.crm.*.cancel.#", "pylabs.event.crm.operation.cancel.by.user", true),
      ("pylabs.event.crm.*.cancel.#", "pylabs.event.crm.user.operation.cancel", false),
      ("pylabs.event.crm.*.cancel.#", "pylabs.event.crm.cancel.operation.confirmed", false),
      ("#", "", true), ("*", "", false), ("", "", true), ("", "a", false), ("a", "", false), ("#.#", "", true),
      ("a.*.b", "a..b", true), ("a.*.b", "a.b", false), ("a.#.b", "a.b", true), ("a.#.b", "a.x.y.b", true),
      ("a.", "a.", true), ("a", "a.", false), ("a.*", "a.", true), (".", ".", true), ("*.*", ".", true),
      ("*", ".", false),
      ("#", "a.b.c", true), ("a.#", "a", true), ("#.b", "b", true), ("#.b", "a.b.b", true), ("#.b", "a.b.c", false),
      ("*.#", "", false), ("*.#", "a", true), ("#.*", "a.b", true), ("#.*.#", "a", true), ("#.*.#", "", false),
      ("ab*", "ab*", true), ("ab*", "abc", false), ("a#", "a#", true), ("a#", "a", false), ("A", "a", false),
      ("**", "a", false), ("*", "*", true), ("#.a.#.b.#", "x.a.y.b.z", true), ("#.a.#.b.#", "x.b.y.a.z", false),
      ("esi_leap.lease.*.end", "esi_leap.lease.fulfill.end", true), ("é.*", "é.ü", true),
    ])
  func matches(_ pattern: String, _ type: String, _ expected: Bool) {
    #expect(EventPattern(pattern).matches(type) == expected)
  }

  @Test("Generated patterns and types agree with a plain definition by recursion")
  func agreesWithDefinition() {
    var random = SeededGenerator(seed: 5)
    var matched = 0
    for _ in 0..<20_000 {
      let pattern = Self.text(&random, words: ["a", "b", "", "*", "#", "#"])
      let type = Self.text(&random, words: ["a", "b", "", "*"])
      let expected = Self.matches(EventPattern(pattern).words[...], EventPattern(type).words[...])
      if expected { matched += 1 }
      #expect(EventPattern(pattern).matches(type) == expected, "\(pattern) on \(type)")
    }
    #expect(matched > 2000)
  }

  private static func text(_ random: inout SeededGenerator, words: [String]) -> String {
    (0..<Int.random(in: 0...6, using: &random)).map { _ in random.pick(words) }.joined(separator: ".")
  }

  private static func matches(_ pattern: ArraySlice<EventPattern.Word>, _ type: ArraySlice<EventPattern.Word>) -> Bool {
    switch pattern.first {
    case nil: type.isEmpty
    case .anyNumber: matches(pattern.dropFirst(), type) || !type.isEmpty && matches(pattern, type.dropFirst())
    case .one: !type.isEmpty && matches(pattern.dropFirst(), type.dropFirst())
    case .literal: type.first == pattern.first && matches(pattern.dropFirst(), type.dropFirst())
    }
  }

  @Test("Many # against a long type take no more than the product of both")
  func boundsWork() {
    let pattern = EventPattern(String(repeating: "#.a.", count: 60) + "b")
    let type = Array(repeating: "a", count: 20_000).joined(separator: ".")
    let elapsed = ContinuousClock().measure { #expect(!pattern.matches(type)) }
    #expect(elapsed < .seconds(5))
  }
}
