// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events
import ProgramFixture

@Suite struct MatcherTests {
  private let decoder = EventDecoder()

  private func event(_ type: String, source: String = "default", payload: String = "{}") throws -> Event {
    var envelope = Envelope(source: source)
    envelope.routingKey = type
    return try decoder.decode(text: payload, envelope)
  }

  private func matches(
    _ matcher: Matcher, _ type: String, source: String = "default", payload: String = "{}"
  ) throws -> [String] {
    var indexes: [Int] = []
    matcher.match(try event(type, source: source, payload: payload), into: &indexes)
    return indexes.map { matcher.table.actions[$0].name }
  }

  private static func action(
    _ name: String, _ events: String..., change: (inout Action) -> Void = { _ in }
  ) -> Action {
    var action = Action(name: name, place: "test:1", command: Command(path: "/bin/true", words: [Array("true".utf8)]))
    for event in events {
      if event == "@unmatched" {
        action.events.unmatched = true
      } else if event.hasPrefix("!") {
        action.events.exclusions.append(EventPattern(String(event.dropFirst())))
      } else {
        action.events.patterns.append(EventPattern(event))
      }
    }
    change(&action)
    return action
  }

  @Test("Actions come once each in the order of the files, exact types and wildcards mixed")
  func keepsOrder() throws {
    let matcher = Matcher(
      ActionTable([
        Self.action("wild", "lease.#", "#.end"), Self.action("other", "node.end"), Self.action("exact", "lease.end"),
        Self.action("all", "#"), Self.action("one", "*.end", "lease.end"),
      ]))
    // Twice: found, then remembered.
    for _ in 0..<2 {
      #expect(try matches(matcher, "lease.end") == ["wild", "exact", "all", "one"])
      #expect(try matches(matcher, "node.end") == ["wild", "other", "all", "one"])
      #expect(try matches(matcher, "x") == ["all"])
    }
  }

  @Test("An exclusion takes types away from its own action only")
  func excludes() throws {
    let matcher = Matcher(
      ActionTable([Self.action("a", "lease.#", "!lease.*.start", "!#.error"), Self.action("b", "lease.#")]))
    #expect(try matches(matcher, "lease.fulfill.end") == ["a", "b"])
    #expect(try matches(matcher, "lease.fulfill.start") == ["b"])
    #expect(try matches(matcher, "lease.a.b.error") == ["b"])
  }

  @Test("An action that names sources takes their events only, also where the type was seen from another")
  func tiesToSources() throws {
    let matcher = Matcher(
      ActionTable([Self.action("any", "a"), Self.action("lab", "a") { $0.sources = ["lab", "test"] }]))
    for _ in 0..<2 {
      #expect(try matches(matcher, "a") == ["any"])
      #expect(try matches(matcher, "a", source: "lab") == ["any", "lab"])
      #expect(try matches(matcher, "a", source: "test") == ["any", "lab"])
    }
    #expect(matcher.table.listens(to: "default"))
    let named = ActionTable([
      Self.action("lab", "a") { $0.sources = ["lab"] }, Self.action("off", "a") { $0.mode = .disabled },
    ])
    #expect(named.listens(to: "lab"))
    #expect(!named.listens(to: "default"))
    #expect(ActionTable([Self.action("o", "a") { $0.mode = .observe }]).listens(to: "default"))
  }

  @Test("A disabled action never matches; an observing one does")
  func heedsModes() throws {
    let matcher = Matcher(
      ActionTable([
        Self.action("off", "a", "@unmatched") { $0.mode = .disabled },
        Self.action("observe", "a") { $0.mode = .observe },
      ]))
    #expect(try matches(matcher, "a") == ["observe"])
    #expect(try matches(matcher, "b") == [])
  }

  @Test("@unmatched takes what no other action accepted, filters included, with the event's own name")
  func fallsBack() throws {
    let filter = try FilterTests.filter(#"{"purpose": "test"}"#)
    let matcher = Matcher(
      ActionTable([
        Self.action("rest", "@unmatched", "!noise.#"), Self.action("lease", "lease.#") { $0.filter = filter },
        Self.action("both", "node.#", "@unmatched"), Self.action("watch", "seen") { $0.mode = .observe },
        Self.action("off", "off") { $0.mode = .disabled },
      ]))
    #expect(try matches(matcher, "lease.end", payload: #"{"purpose": "testing"}"#) == ["lease"])
    #expect(try matches(matcher, "lease.end", payload: #"{"purpose": "mytest"}"#) == ["rest", "both"])
    #expect(try matches(matcher, "nobody.named.this") == ["rest", "both"])
    #expect(try matches(matcher, "node.end") == ["both"])
    #expect(try matches(matcher, "noise.x") == ["both"])
    #expect(try matches(matcher, "seen") == ["watch"])
    #expect(try matches(matcher, "off") == ["rest", "both"])
  }

  @Test("The daemon's own events reach only patterns that begin literally with onevent")
  func keepsOwnEventsApart() throws {
    let matcher = Matcher(
      ActionTable([
        Self.action("all", "#"), Self.action("star", "*.run.failed"), Self.action("rest", "@unmatched"),
        Self.action("own", "onevent.#"), Self.action("exact", "onevent.run.failed"), Self.action("odd", "onevent*.#"),
      ]))
    #expect(try matches(matcher, "onevent.run.failed") == ["own", "exact"])
    #expect(try matches(matcher, "onevent") == ["own"])
    #expect(try matches(matcher, "onevents.run.failed") == ["all", "star"])
  }

  @Test("A table of 10 000 actions gives what asking each action by itself gives")
  func agreesWithAskingEach() throws {
    var random = SeededGenerator(seed: 11)
    let words = ["a", "b", "c", "d", "", "onevent"]
    func pattern() -> String {
      (0..<Int.random(in: 1...4, using: &random)).map { _ in random.pick(words + ["*", "#"]) }.joined(separator: ".")
    }
    let actions = (0..<10_000).map { number in
      Self.action("a\(number)") { action in
        action.events.patterns = (0..<Int.random(in: 0...3, using: &random)).map { _ in EventPattern(pattern()) }
        if random.chance(20) { action.events.exclusions = [EventPattern(pattern())] }
        if random.chance(5) { action.events.unmatched = true }
        if random.chance(10) { action.sources = [random.pick(["one", "two"])] }
        action.mode = random.pick([.enabled, .enabled, .observe, .disabled])
      }
    }
    let matcher = Matcher(ActionTable(actions))
    var sizes = Set<Int>()
    for _ in 0..<60 {
      let type = (0..<Int.random(in: 1...5, using: &random)).map { _ in random.pick(words) }.joined(separator: ".")
      // An empty routing key would become the type `event`.
      guard !type.isEmpty else { continue }
      let source = random.pick(["one", "two", "three"])
      let expected = Self.askEach(actions, type, source)
      sizes.insert(expected.count)
      for _ in 0..<2 {
        var indexes: [Int] = []
        matcher.match(try event(type, source: source), into: &indexes)
        #expect(indexes == expected, "\(type)")
      }
    }
    #expect(sizes.count > 10)
  }

  private static func askEach(_ actions: [Action], _ type: String, _ source: String) -> [Int] {
    let isOwn = type.split(separator: ".", omittingEmptySubsequences: false).first == "onevent"
    func takes(_ action: Action) -> Bool {
      action.mode != .disabled && action.sources?.contains(source) ?? true
        && !action.events.exclusions.contains { $0.matches(type) }
    }
    let byPattern = actions.indices.filter { index in
      takes(actions[index])
        && actions[index].events.patterns.contains { pattern in
          pattern.matches(type) && (!isOwn || pattern.words.first == .literal(Array("onevent".utf8)))
        }
    }
    if !byPattern.isEmpty || isOwn { return byPattern }
    return actions.indices.filter { actions[$0].events.unmatched && takes(actions[$0]) }
  }

  @Test("Types without end do not grow the memory of a matcher, and each is answered rightly")
  func boundsMemo() throws {
    let matcher = Matcher(ActionTable((0..<300).map { Self.action("a\($0)", "#") } + [Self.action("b", "t.7.#")]))
    for number in 0..<5000 {
      var indexes: [Int] = []
      matcher.match(try event("t.\(number).x"), into: &indexes)
      #expect(indexes.count == (number == 7 ? 301 : 300))
    }
    #expect(try matches(matcher, String(repeating: "long.", count: 50) + "x").count == 300)
  }

  @Test("Long matching lets its caller look at the socket in between")
  func pauses() throws {
    var pauses = 0
    let filter = try FilterTests.filter(#"{"p": ["(a+)+$", "(a|aa)+$", "(a|a)*$"]}"#)
    let matcher = Matcher(ActionTable([Self.action("a", "#.x") { $0.filter = filter }])) { pauses += 1 }
    #expect(try matches(matcher, "x", payload: #"{"p": "\#(String(repeating: "a", count: 40))!"}"#) == [])
    #expect(pauses == 3)
    #expect(matcher.regexLimitHits == 3)
  }

  @Test("A long list is compared with a large value at the cost of both, and the socket is looked at in between")
  func comparesLongLists() throws {
    var pauses = 0
    let list = (0..<20_000).map { _ in "[1]" }.joined(separator: ",")
    let large = "[" + (0..<50_000).map(String.init).joined(separator: ",") + "]"
    for filter in [#"{"list": {"contains": {"path": "large"}}}"#, #"{"large": {"in": {"path": "list"}}}"#] {
      let filter = try FilterTests.filter(filter)
      let matcher = Matcher(ActionTable([Self.action("a", "x") { $0.filter = filter }])) { pauses += 1 }
      pauses = 0
      let misses = try matches(matcher, "x", payload: #"{"list": [\#(list)], "large": \#(large)}"#)
      #expect(misses.isEmpty && pauses > 100)
      let hits = try matches(matcher, "x", payload: #"{"list": [\#(list), \#(large)], "large": \#(large)}"#)
      #expect(hits == ["a"])
    }
  }

  @Test("Explaining says of every action why")
  func explains() throws {
    let filter = try FilterTests.filter(#"{"purpose": "test"}"#)
    let matcher = Matcher(
      ActionTable([
        Self.action("matched", "lease.#"), Self.action("observed", "lease.end") { $0.mode = .observe },
        Self.action("filtered", "lease.end") { $0.filter = filter }, Self.action("other", "node.end"),
        Self.action("source", "#") { $0.sources = ["lab"] }, Self.action("off", "#") { $0.mode = .disabled },
        Self.action("excluded", "lease.#", "!#.end"), Self.action("rest", "@unmatched"),
      ]))
    let verdicts = matcher.explain(try event("lease.end", payload: #"{"purpose": null}"#))
    #expect(
      verdicts.map(\.answer) == [
        .matched, .observed, .filtered, .otherEvent, .otherSource, .disabled, .otherEvent, .otherEvent,
      ])
    #expect(verdicts.map(\.action) == Array(0..<8))
    #expect(verdicts[2].findings.map(\.reason) == ["null is no text to match"])
    #expect(verdicts[6].reason == "excluded by !#.end")
    #expect(verdicts[7].reason == "@unmatched: the action matched accepts the event")
    #expect(matcher.explain(try event("x")).last?.answer == .matched)
  }
}
