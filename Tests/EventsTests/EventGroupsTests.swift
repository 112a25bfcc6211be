// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events

/// To which group a type belongs, and what actions take that name a group.
@Suite struct EventGroupsTests {
  private func group(
    _ name: String, _ patterns: [String], regexes: [String] = [], isShipped: Bool = false
  ) throws -> EventGroup {
    var group = EventGroup(
      name: name, level: .detail, patterns: patterns.map { EventPattern($0) },
      regexes: try regexes.map { try TypeRegex($0) })
    group.isShipped = isShipped
    return group
  }

  @Test("A literal goes before a pattern, a pattern before an expression, and among equals the first counts")
  func order() throws {
    let groups = EventGroups([
      try group("expression", [], regexes: ["a\\..*", "x"]), try group("pattern", ["a.*", "b.#"]),
      try group("later pattern", ["a.#"]), try group("literal", ["a.b"]), try group("later literal", ["a.b"]),
    ])
    for (type, name) in [
      ("a.b", "literal"), ("a.c", "pattern"), ("a.c.d", "later pattern"), ("b", "pattern"), ("x", "expression"),
      ("xy", nil), ("", nil), ("A.b", nil),
    ] as [(String, String?)] {
      // The second time it is remembered.
      for _ in 0..<2 { #expect(groups.group(ofType: type)?.name == name, "\(type)") }
    }
  }

  @Test("What the files say goes before what comes with onevent, an expression before a literal too")
  func configuredFirst() throws {
    let groups = EventGroups([
      try group("shipped", ["a.b"], isShipped: true), try group("own", [], regexes: ["a\\.b|c"]),
    ])
    #expect(groups.groups.map(\.name) == ["own", "shipped"])
    #expect(groups.group(ofType: "a.b")?.name == "own")
  }

  @Test("An expression matches whole types, and one that runs wild is given up")
  func expressions() throws {
    let groups = EventGroups([try group("a", [], regexes: ["lease", "(a+)+$"])])
    #expect(groups.group(ofType: "lease")?.name == "a")
    #expect(groups.group(ofType: "lease.end") == nil)
    #expect(groups.group(ofType: "a.lease") == nil)
    #expect(groups.group(ofType: String(repeating: "a", count: 200) + "b") == nil)
    #expect(throws: RegexError.self) { try TypeRegex("(?<n>x)") }
  }

  @Test("However many types are asked for, the answers stay right")
  func bounded() throws {
    let groups = EventGroups([try group("a", ["a.*"])])
    for number in 0..<10_000 {
      #expect(groups.group(ofType: "a.\(number)")?.name == "a")
      #expect(groups.group(ofType: "b.\(number)") == nil)
    }
  }

  @Test(
    "Types of ESI Leap, Ironic, Nova and onevent itself have a group from the beginning",
    arguments: [
      ("esi_leap.lease.fulfill.end", "lease"), ("esi_leap.lease.delete.error", "failure"),
      ("baremetal.node.power_set.end", "power"), ("baremetal.node.power_state_corrected.success", "power"),
      ("baremetal.node.provision_set.start", "provisioning"), ("baremetal.node.provision_set.error", "failure"),
      ("baremetal.node.maintenance_set.end", "maintenance"), ("baremetal.node.console_set.end", "console"),
      ("baremetal.port.create.end", "inventory"), ("instance.power_on.end", "power"),
      ("compute.instance.power_on.end", "power"), ("instance.create.error", "failure"),
      ("compute.instance.create.end", "provisioning"), ("instance.update", "inventory"),
      ("onevent.run.failed", "onevent-trouble"), ("onevent.source.lost", "onevent-trouble"),
      ("onevent.started", "onevent"),
    ])
  func shipped(type: String, name: String) {
    #expect(EventGroups(EventGroups.shipped).group(ofType: type)?.name == name)
  }

  @Test("An action takes what the expressions of its groups match, but none of onevent's own events")
  func inTheIndex() throws {
    var action = Action(name: "a", place: "t:1", command: Command(path: "/bin/true", words: []))
    action.events.regexes = [try TypeRegex("(lease|onevent)\\..*")]
    action.events.exclusions = [EventPattern("lease.no")]
    action.events.excludedRegexes = [try TypeRegex(".*\\.never")]
    var other = action
    other.name = "all"
    other.events = EventSelection()
    other.events.patterns = [EventPattern("#")]
    other.events.excludedRegexes = [try TypeRegex("lease\\.e.*")]
    let matcher = Matcher(ActionTable([action, other]))
    for (type, expected) in [
      ("lease.end", [0]), ("lease.start", [0, 1]), ("lease.no", [1]), ("lease.never", [1]), ("onevent.run.failed", []),
      ("x", [1]),
    ] {
      var envelope = Envelope(source: "s")
      envelope.routingKey = type
      let decoder = EventDecoder(EventMapping(), inflatedLimit: 1 << 20)
      try Array("{}".utf8).withUnsafeBytes { bytes in
        var indexes: [Int] = []
        matcher.match(try decoder.decode(bytes, envelope), into: &indexes)
        #expect(indexes == expected, "\(type)")
      }
      #expect(action.events.takes(type: type) == expected.contains(0))
    }
  }
}
