// SPDX-License-Identifier: Apache-2.0

import AMQP
import ConfigText
import Events
import Testing

@testable import Settings

@Suite struct InheritanceTests {
  let folder: ConfigurationFolder

  init() throws {
    folder = try ConfigurationFolder()
  }

  @Test("an action has its own keys, then those of [DEFAULT], then those of [scripts]")
  func actions() throws {
    let configuration = try folder.load(
      """
      [scripts]
      timeout = 1m
      kill_after = 1s
      stdin = none
      max_concurrent = 3
      [DEFAULT]
      queues = q
      settle = run
      script = /bin/true
      timeout = 2m
      kill_after = 2s
      max_concurrent = 7
      [a]
      events = x
      timeout = 3m
      [b]
      events = x
      """
    ).loaded()
    let (first, second) = (configuration.actions[0], configuration.actions[1])
    #expect(first.timeout == .seconds(180))
    #expect(second.timeout == .seconds(120))
    #expect(first.killAfter == .seconds(2))
    #expect(second.standardInput == .none)
    #expect(second.command.path == "/bin/true")
    #expect(second.maxConcurrent == 7)
    #expect(configuration.scripts.maxConcurrent == 3)
    #expect(configuration.sources[0].consumer.prefetch == 6)
    #expect(first.warnAfter == .seconds(90))
  }

  @Test("sources inherit the log-in of [DEFAULT], and not its queues")
  func sources() throws {
    let configuration = try folder.load(
      """
      [DEFAULT]
      user = u
      password = p#1 ; 2
      host = one:1, [::1]:2, three
      queues = nobody's
      [source:a]
      queues = q
      [source:b]
      url = amqps://other/v
      bind = openstack:esi_leap_versioned_notifications.*, ironic:#
      [act]
      events = x
      script = /bin/true
      """
    ).loaded()
    #expect(configuration.sources.map(\.name) == ["a", "b"])
    let (first, second) = (configuration.sources[0].consumer, configuration.sources[1].consumer)
    #expect(first.queues == [QueueSettings(name: "q")])
    #expect(first.address.user == "u")
    #expect(first.address.password == .text("p#1 ; 2"))
    #expect(
      first.address.hosts == [
        .init(name: "one", port: 1), .init(name: "::1", port: 2), .init(name: "three", port: 5672),
      ])
    #expect(second.address.user == "u")
    #expect(second.address.hosts == [.init(name: "other", port: 5671)])
    #expect(second.address.tls == BrokerAddress.TLS())
    #expect(second.address.virtualHost == "v")
    var own = QueueSettings(name: "onevent.b")
    own.declaration = .create(durable: true, autoDelete: false, type: nil, arguments: [:])
    own.bindings = [
      .init(exchange: "openstack", pattern: "esi_leap_versioned_notifications.*"),
      .init(exchange: "ironic", pattern: "#"),
    ]
    #expect(second.queues == [own])
    #expect(configuration.findings.contains { $0.message.contains("'queues' in [DEFAULT] is not used") })
  }

  @Test("a name in [DEFAULT] that only interpolation uses is no unknown key")
  func names() throws {
    let configuration = try folder.load(
      """
      [DEFAULT]
      queues = q
      bin = /bin # where programs are
      [a]
      events = x
      name = true
      script = %(bin)s/%(name)s
      """
    ).loaded()
    #expect(configuration.actions[0].command.path == "/bin/true")
  }

  @Test("[DEFAULT] holds in its own file only; the sections of all merge key by key, and later files win")
  func files() throws {
    let first = try folder.write(
      "a.conf",
      """
      [DEFAULT]
      queues = q
      timeout = 1m
      [scripts]
      max_concurrent = 2
      output_limit = 1KiB
      [journal]
      keep = 7d
      sync = normal
      [api]
      socket_group = operators
      [log]
      level = debug
      format = json
      [one]
      events = x
      script = /bin/true
      """)
    let second = try folder.write(
      "b.yaml",
      """
      scripts: {max_concurrent: 5}
      journal: {keep: 8d, path: j.sqlite}
      api: {socket: none}
      log: {level: error}
      actions:
        two: {events: [x], script: /bin/true}
      """)
    let configuration = try ConfigurationLoader.load(paths: [first, second], environment: asRoot).loaded()
    #expect(configuration.files == [first, second])
    #expect(configuration.scripts.maxConcurrent == 5)
    #expect(configuration.scripts.outputLimit == 1024)
    #expect(configuration.journal.keep == .seconds(8 * 86_400))
    #expect(configuration.journal.sync == .normal)
    #expect(configuration.journal.path == "\(folder.path)/j.sqlite")
    #expect(configuration.api.socketGroup == "operators")
    #expect(configuration.api.socket == nil)
    #expect(configuration.log.level == .error)
    #expect(configuration.log.format == .json)
    #expect(configuration.actions.map(\.name) == ["one", "two"])
    #expect(configuration.actions.map(\.timeout) == [.seconds(60), .seconds(600)])
  }

  @Test("the same action in two files is refused, naming both places")
  func duplicates() throws {
    let first = try folder.write("a.conf", "[DEFAULT]\nqueues = q\n[one]\nevents = x\nscript = /bin/true\n")
    let second = try folder.write("b.conf", "\n[action:one]\nevents = y\nscript = /bin/true\n")
    let problems = ConfigurationLoader.load(paths: [first, second], environment: asRoot).problems
    #expect(problems.count == 1)
    #expect(problems.first?.position.description == "\(second):2:1")
    #expect(problems.first?.message.contains("\(first):3:1") == true)
  }

  @Test("the default is onevent.conf and then conf.d in lexical order, without dot files and other endings")
  func defaultFiles() throws {
    try folder.write("onevent.conf", "[DEFAULT]\nqueues = q\n")
    for name in ["20-b.yaml", "10-a.conf", ".hidden.conf", "notes.txt", "9-c.ini"] {
      let action = name.prefix { $0 != "." }
      let text =
        name.hasSuffix("yaml")
        ? "actions: {'\(action)': {events: x, script: /bin/true}}" : "[\(action)]\nevents = x\nscript = /bin/true\n"
      try folder.write("conf.d/\(name)", text)
    }
    let configuration = try ConfigurationLoader.load(paths: nil, environment: asRoot, defaultDirectory: folder.path)
      .loaded()
    #expect(configuration.actions.map(\.name) == ["10-a", "20-b", "9-c"])
    let same = try ConfigurationLoader.load(
      paths: ["\(folder.path)/onevent.conf", "\(folder.path)/conf.d"], environment: asRoot
    ).loaded()
    #expect(same.files == configuration.files)
  }

  @Test("no file at all, and a file that is not there, are one problem each that says what to do")
  func nothing() throws {
    let none = ConfigurationLoader.load(paths: nil, environment: asRoot, defaultDirectory: "\(folder.path)/nowhere")
    #expect(none.problems.count == 1)
    #expect(none.problems.first?.message.contains("onevent init") == true)
    let missing = ConfigurationLoader.load(paths: ["\(folder.path)/x.conf"], environment: asRoot)
    #expect(missing.problems.count == 1)
    #expect(missing.problems.first?.position.file == "\(folder.path)/x.conf")
  }
}
