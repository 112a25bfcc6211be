// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events

@Suite struct TagMatchingTests {
  private let decoder = EventDecoder()

  private func event(_ type: String, _ tags: [String], source: String = "local") throws -> Event {
    var envelope = Envelope(source: source)
    envelope.contentType = Envelope.localContentType
    let list = tags.map { "\"\($0)\"" }.joined(separator: ",")
    return try decoder.decode(text: #"{"type":"\#(type)","tags":[\#(list)]}"#, envelope)
  }

  private func matches(_ matcher: Matcher, _ type: String, _ tags: String..., source: String = "local") throws
    -> [String]
  {
    var indexes: [Int] = []
    matcher.match(try event(type, tags, source: source), into: &indexes)
    return indexes.map { matcher.table.actions[$0].name }
  }

  private static func action(
    _ name: String, _ pattern: String = "#", tags: [String] = [], change: (inout Action) -> Void = { _ in }
  ) -> Action {
    var action = Action(name: name, place: "test:1", command: Command(path: "/bin/true", words: [Array("true".utf8)]))
    action.events.patterns = [EventPattern(pattern)]
    action.tags = tags
    change(&action)
    return action
  }

  @Test("an action with tags takes the events that have all of them, in the order of the files")
  func all() throws {
    let matcher = Matcher(
      ActionTable([
        Self.action("two", tags: ["a", "b"]), Self.action("none"), Self.action("one", tags: ["b"]),
        Self.action("typed", "x.*", tags: ["b"]), Self.action("off", tags: ["b"]) { $0.mode = .disabled },
      ]))
    for _ in 0..<2 {
      #expect(try matches(matcher, "x.y", "b", "a") == ["two", "none", "one", "typed"])
      #expect(try matches(matcher, "x.y", "b") == ["none", "one", "typed"])
      #expect(try matches(matcher, "y", "b", "c") == ["none", "one"])
      #expect(try matches(matcher, "x.y", "a") == ["none"])
      #expect(try matches(matcher, "x.y") == ["none"])
    }
  }

  @Test("a tag of a group is found by the group and by itself, and not by another of the group")
  func groups() throws {
    let matcher = Matcher(
      ActionTable([
        Self.action("group", tags: ["site"]), Self.action("north", tags: ["site:north"]),
        Self.action("south", tags: ["site:south"]),
      ]))
    #expect(try matches(matcher, "x", "site:north") == ["group", "north"])
    #expect(try matches(matcher, "x", "site:north:1") == ["group"])
    #expect(try matches(matcher, "x", "site") == ["group"])
  }

  @Test("exclusions, filters, sources and @unmatched hold for actions with tags, too")
  func together() throws {
    let matcher = Matcher(
      ActionTable(
        [
          Self.action("but", tags: ["a"]) { $0.events.exclusions = [EventPattern("x")] },
          Self.action("filtered", tags: ["a"]) { $0.filter = try? FilterTests.filter(#"{"purpose": "test"}"#) },
          Self.action("named", tags: ["a"]) { $0.sources = ["hooks"] },
          Self.action("rest", tags: ["a"]) {
            $0.events.patterns = []
            $0.events.unmatched = true
          },
        ], reserved: "hooks"))
    #expect(try matches(matcher, "y", "a") == ["but"])
    #expect(try matches(matcher, "x", "a") == ["rest"])
    #expect(try matches(matcher, "x", "b") == [])
    #expect(try matches(matcher, "y", "a", source: "hooks") == ["named"])
  }

  @Test("an own event is not taken for its tags, but where a pattern names it literally")
  func own() throws {
    let matcher = Matcher(
      ActionTable([Self.action("any", tags: ["a"]), Self.action("own", "onevent.#", tags: ["a"])]))
    #expect(try matches(matcher, "onevent.run.failed", "a") == ["own"])
  }

  @Test("10 000 actions with tags cost an event no more than those that have its tags")
  func indexed() throws {
    let actions = (0..<10_000).map { Self.action("a\($0)", tags: ["common", "t:\($0)"]) }
    var asked = 0
    let matcher = Matcher(ActionTable(actions)) { asked += 1 }
    #expect(try matches(matcher, "x", "common", "t:77") == ["a77"])
    // Three tags, of which one leads to an action; not one step for each action.
    #expect(asked < 20, "\(asked) steps")
  }

  @Test("explain says which tags are there and which are missing")
  func explains() throws {
    let matcher = Matcher(ActionTable([Self.action("a", "x", tags: ["site:north", "urgent"])]))
    let missing = matcher.explain(try event("x", ["site:north"]))[0]
    #expect(missing.answer == .filtered)
    #expect(missing.findings[0].condition == "tags: site:north, urgent")
    #expect(missing.findings[0].truth == .no)
    #expect(missing.findings[0].actual == #"["site","site:north"]"#)
    #expect(missing.findings[0].reason == "the event has no tag urgent")
    let present = matcher.explain(try event("x", ["urgent", "site:north"]))[0]
    #expect(present.answer == .matched && present.findings.map(\.truth) == [.yes])
    #expect(matcher.explain(try event("x", []))[0].findings[0].reason == "the event has no tags")
    #expect(matcher.explain(try event("y", []))[0].answer == .otherEvent)
  }
}
