// SPDX-License-Identifier: Apache-2.0

import Events
import Testing

@testable import Settings

/// `[group:NAME]`, and `@group:NAME` in actions.
@Suite struct GroupTests {
  private func load(_ text: String, as name: String = "onevent.conf") throws -> Configuration {
    try ConfigurationFolder().load(text, as: name).loaded()
  }

  @Test("A group has types, patterns and expressions, and its level; INI and YAML say the same")
  func reading() throws {
    let ini = """
      [DEFAULT]
      queues = q
      level = error
      [group:mine]
      events = a.b, c.#, "/d\\.(e|f){1,2}/"
      level = critical
      [group:quiet]
      events = x
      [one]
      events = @group:mine, z, !@group:quiet
      script = /bin/true
      [log]
      """
    let yaml = """
      sources: {default: {queues: [q]}}
      groups:
        mine: {events: [a.b, c.#, '/d\\.(e|f){1,2}/'], level: critical}
        quiet: {events: [x]}
      actions:
        one: {events: ['@group:mine', z, '!@group:quiet'], script: /bin/true}
      """
    for configuration in [try load(ini), try load(yaml, as: "onevent.yaml")] {
      let mine = try #require(configuration.groups.group(named: "mine"))
      #expect(mine.level == .critical)
      #expect(mine.patterns.map(\.description) == ["a.b", "c.#"])
      #expect(mine.regexes.map(\.description) == [#"/d\.(e|f){1,2}/"#])
      // The log's level in [DEFAULT] is none of a group's.
      #expect(configuration.groups.group(named: "quiet")?.level == .detail)
      #expect(configuration.groups.group(ofType: "d.ef")?.name == "mine")
      let events = try #require(configuration.actions.first).events
      #expect(events.patterns.map(\.description) == ["a.b", "c.#", "z"])
      #expect(events.exclusions.map(\.description) == ["x"])
      #expect(events.takes(type: "d.e"))
      #expect(!events.takes(type: "x"))
    }
  }

  @Test("A group of a name that comes with onevent replaces that one, key by key")
  func replacing() throws {
    let configuration = try load(
      """
      [DEFAULT]
      queues = q
      [group:power]
      level = critical
      [group:lease]
      events = my.lease.#
      [a]
      events = @group:power
      script = /bin/true
      """)
    let groups = configuration.groups
    #expect(groups.group(ofType: "baremetal.node.power_set.end")?.level == .critical)
    #expect(groups.group(named: "lease")?.patterns.map(\.description) == ["my.lease.#"])
    #expect(groups.group(named: "lease")?.level == .warning)
    #expect(groups.groups.filter { $0.name == "lease" }.count == 1)
    #expect(configuration.actions.first?.events.takes(type: "instance.power_off.end") == true)
  }

  @Test("An action changes with the group that it names, and no other action does")
  func fingerprint() throws {
    let folder = try ConfigurationFolder()
    func configuration(_ events: String) throws -> [String] {
      try folder.load(
        """
        [DEFAULT]
        queues = q
        [group:mine]
        events = \(events)
        [a]
        events = @group:mine
        script = /bin/true
        [b]
        events = a
        script = /bin/true
        """
      ).loaded().actions.map(\.fingerprint)
    }
    let (before, after) = (try configuration("x"), try configuration("y"))
    #expect(before[0] != after[0])
    #expect(before[1] == after[1])
  }

  @Test("Actions name onevent's own events and its source; a misspelt one is told with the nearest name")
  func ownEvents() throws {
    let configuration = try load(
      """
      [DEFAULT]
      queues = q
      [alert]
      events = onevent.run.failed, onevent.run.faild, onevent.source.*
      source = onevent
      script = /bin/true
      """)
    let warnings = configuration.warnings.map(\.message)
    #expect(
      warnings.filter { $0.contains("own events") } == [
        "'onevent.run.faild' is none of onevent's own events; did you mean 'onevent.run.failed'?"
      ])
    #expect(configuration.actions.first?.sources == ["onevent"])
  }

  @Test("A queue is not drained, and no delivery is held up, for an action that names onevent's own events alone")
  func ownEventsOnly() throws {
    let text = """
      [DEFAULT]
      queues = q
      settle = run
      [alert]
      events = onevent.run.failed, onevent.source.#
      script = /bin/true
      retries = 12
      retry_delay = 2h
      retry_max_delay = 2h
      """
    #expect(try load(text).sources.map(\.isConsumed) == [false])
    // Beside one that takes what the queue brings, its patience is no concern of the broker's.
    let other = "\n[works]\nevents = a.b\nscript = /bin/true\ntimeout = 1m\n"
    #expect(try load(text + other).sources.map(\.isConsumed) == [true])
    let named = "[DEFAULT]\nqueues = q\n[a]\nevents = onevent.#\nsource = default\nscript = /bin/true\n"
    #expect(try load(named).sources.map(\.isConsumed) == [true])
  }

  @Test("What an action takes is kept as it was written, without comments")
  func written() throws {
    let action = try #require(
      try load(
        """
        [DEFAULT]
        queues = q
        [a]
        events = a.#, @group:power  # all of them
        filter_params = {"x": "#1"}
        script = /bin/true
        """
      ).actions.first)
    #expect(action.written.map(\.key) == ["events", "filter_params"])
    #expect(action.written.map(\.value) == ["a.#, @group:power", ##"{"x": "#1"}"##])
  }
}
