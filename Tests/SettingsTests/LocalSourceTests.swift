// SPDX-License-Identifier: Apache-2.0

import Events
import Testing

@testable import Settings

@Suite struct LocalSourceTests {
  private let action = "[a]\nevents = x\nscript = /bin/true\n"

  @Test("without a broker the local source is there by itself, and its events reach every action")
  func alone() throws {
    let configuration = try ConfigurationFolder().load(action).loaded()
    #expect(configuration.sources.isEmpty)
    #expect(configuration.local.isEnabled && configuration.local.name == "local")
    #expect(configuration.findings.isEmpty, "\(configuration.findings)")
    #expect(configuration.table.takes(0, source: "local"))
  }

  @Test("beside a broker, local events reach only the actions that name their source")
  func beside() throws {
    let configuration = try ConfigurationFolder().load(
      """
      [DEFAULT]
      queues = q
      [all]
      events = x
      script = /bin/true
      [here]
      events = x
      source = local
      script = /bin/true
      [both]
      events = x
      source = default, local
      script = /bin/true
      """
    ).loaded()
    let table = configuration.table
    #expect((0..<3).map { table.takes($0, source: "local") } == [false, true, true])
    #expect((0..<3).map { table.takes($0, source: "default") } == [true, false, true])
    #expect(configuration.sources[0].isConsumed)
  }

  @Test("its section names it, and says how its events are read; [DEFAULT] says nothing of it")
  func section() throws {
    let configuration = try ConfigurationFolder().load(
      """
      [DEFAULT]
      queues = q
      objects = lease:uuid
      ignore_events = *
      max_message_size = 64MiB
      enabled = no
      [source:hooks]
      type = local
      objects = node:node_id, door:door
      subject = door
      ignore_events = ping, test.#
      max_message_size = 2MiB
      """
    ).loaded()
    let local = configuration.local
    #expect(local.name == "hooks" && local.isEnabled && local.mustBeNamed)
    #expect(local.mapping.objects.map(\.kind) == ["node", "door"])
    #expect(local.mapping.subject.map(\.description) == ["door"])
    #expect(local.ignore.map(\.description) == ["ping", "test.#"])
    #expect(local.maxMessageSize == 2 << 20)
    #expect(configuration.sources.map(\.name) == ["default"])
    let bare = try ConfigurationFolder().load(
      "[DEFAULT]\nqueues = q\nmax_message_size = 64MiB\nignore_events = *\n[source:hooks]\ntype = local\n"
    ).loaded().local
    #expect(bare.maxMessageSize == 1 << 20 && bare.ignore.isEmpty)
  }

  @Test("it can be switched off, and then its name is free")
  func off() throws {
    let configuration = try ConfigurationFolder().load(
      "[source:hooks]\ntype = local\nenabled = no\n[source:local]\nqueues = q\n\(action)"
    ).loaded()
    #expect(!configuration.local.isEnabled)
    #expect(configuration.sources.map(\.name) == ["local"])
  }

  @Test("YAML says the same")
  func yaml() throws {
    let local = try ConfigurationFolder().load(
      """
      sources:
        hooks: {type: local, objects: ["node:node_id"], ignore_events: [ping]}
      actions:
        a: {tags: ["site:north", urgent], script: /bin/true, source: [hooks]}
      """, as: "onevent.yaml"
    ).loaded()
    #expect(local.local.name == "hooks")
    #expect(local.actions[0].tags == ["site:north", "urgent"])
    #expect(local.actions[0].events.patterns.map(\.description) == ["#"])
  }

  @Test("--only-source takes the local source away, or leaves nothing but it")
  func onlySource() throws {
    let folder = try ConfigurationFolder()
    let path = try folder.write("onevent.conf", "[DEFAULT]\nqueues = q\n\(action)")
    func load(_ source: String) throws -> LoadResult {
      ConfigurationOrigin(paths: [path], environment: asRoot, onlySource: source).load()
    }
    #expect(try !load("default").loaded().local.isEnabled)
    let local = try load("local").loaded()
    #expect(local.local.isEnabled && local.local.mustBeNamed && local.sources.isEmpty)
    guard case .refused(let problems, _) = try load("other") else { return #expect(Bool(false), "it was loaded") }
    #expect("\(problems[0])".contains("configured: default, local"))
  }

  @Test("a section with tags alone is an action for events of any type")
  func tags() throws {
    let actions = try ConfigurationFolder().load(
      "[a]\ntags = b, a:1, b\nscript = /bin/true\n[c]\ntags = x\nevents = !y\nscript = /bin/true\n"
    ).loaded().actions
    #expect(actions[0].tags == ["b", "a:1"])
    #expect(actions[0].events.takes(type: "anything.at.all"))
    #expect(actions[1].events.takes(type: "x") && !actions[1].events.takes(type: "y"))
  }
}
