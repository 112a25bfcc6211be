// SPDX-License-Identifier: Apache-2.0

import AMQP
import ConfigText
import Events
import Testing

@testable import Settings

@Suite struct JournalSectionTests {
  static let bare = "[DEFAULT]\nqueues = q\n[a]\nevents = x\nscript = /bin/true\n"
  let folder: ConfigurationFolder

  init() throws {
    folder = try ConfigurationFolder()
  }

  @Test("a first configuration that says nothing of a journal has one, and is told nothing about it")
  func defaults() throws {
    let environment = ["HOME": "/u", "XDG_RUNTIME_DIR": "/run/user/7"]
    let configuration = try folder.load(Self.bare, environment: environment).loaded()
    #expect(configuration.findings.isEmpty)
    let locations = StateLocations(environment: environment)
    #expect(configuration.journal.path == locations.journal)
    #expect(configuration.api.socket == locations.socket(journal: locations.journal))
    #expect(configuration.api.socketGroup == nil)
    #expect(configuration.journal.keep == .seconds(2_592_000))
    #expect(configuration.journal.maxSize == 4_294_967_296)
    #expect(configuration.journal.minFree == 67_108_864)
    #expect(configuration.journal.record == .matched)
    #expect(configuration.journal.maxPending == 100_000)
    #expect(configuration.journal.sync == .full)
    #expect(configuration.sources[0].settle == .journal)
    #expect(configuration.sources[0].consumer.prefetch == 500)
    let action = configuration.actions[0]
    #expect(action.retry == RetryPolicy())
    #expect(action.onInterrupt == .retry)
    #expect(action.onSuspend == .hold)
  }

  @Test("with settle = run the prefetch follows max_concurrent, unless it is configured")
  func prefetch() throws {
    for (text, prefetch) in [("", 32), ("[scripts]\nmax_concurrent = 5\n", 10)] {
      let configuration = try folder.load("[DEFAULT]\nsettle = run\n" + Self.bare.dropFirst(10) + text).loaded()
      #expect(configuration.sources[0].settle == .run)
      #expect(Int(configuration.sources[0].consumer.prefetch) == prefetch)
    }
    let own = try folder.load("[DEFAULT]\nprefetch = 3\n" + Self.bare.dropFirst(10)).loaded()
    #expect(own.sources[0].consumer.prefetch == 3)
  }

  @Test("relative paths count from the directory of the file that has them; a socket may be switched off")
  func relative() throws {
    let first = try folder.write("a/one.conf", Self.bare + "[journal]\npath = state/j.sqlite # here\n")
    let second = try folder.write("b/two.yaml", "api: {socket: ./o.sock}\n")
    let configuration = try ConfigurationLoader.load(paths: [first, second], environment: asRoot).loaded()
    #expect(configuration.journal.path == "\(folder.path)/a/state/j.sqlite")
    #expect(configuration.api.socket == "\(folder.path)/b/o.sock")
    let off = try folder.load(Self.bare + "[api]\nsocket = none\n").loaded()
    #expect(off.api.socket == nil)
  }

  @Test("a socket's path may have 107 bytes and no more, and the message says where it is and how long")
  func length() throws {
    let longest = "/" + String(repeating: "é", count: 53)
    #expect(longest.utf8.count == 107)
    #expect(try folder.load(Self.bare + "[api]\nsocket = \(longest)\n").loaded().api.socket == longest)
    let problems = try folder.load(Self.bare + "[api]\nsocket = \(longest)x\n").problems
    #expect(problems.count == 1)
    #expect(problems.first?.position == SourcePosition(file: "\(folder.path)/onevent.conf", line: 7, column: 10))
    #expect(problems.first?.message.contains("108 bytes, and the path of a Unix socket has at most 107") == true)
  }

  @Test("a default socket that would be too long is refused where its directory comes from")
  func defaultLength() throws {
    func read(_ journal: String, _ section: [String: Setting] = [:]) -> (settings: APISettings, report: Report) {
      let report = Report()
      let empty = Section(
        kind: .api, name: "api", title: "[api]", position: .nowhere, directory: "/", speaksPython: false,
        layers: [section])
      let locations = StateLocations(environment: [:], isRoot: false) { _ in false }
      let place = SourcePosition(file: "f", line: 3, column: 8)
      return (APIKeys.read(empty, locations, journal: journal, place: place, report), report)
    }
    let directory = "/" + String(repeating: "d", count: 93)
    #expect(read("\(directory)/j").report.problems.isEmpty)
    #expect(read("\(directory)/j").settings.socket?.utf8.count == 107)
    let problems = read("\(directory)d/j").report.problems
    #expect(problems.map(\.position.description) == ["f:3:8"])
    #expect(problems.first?.message.contains("108 bytes") == true)
    #expect(problems.first?.message.contains("'socket = none'") == true)
  }

  @Test("a journal that is a directory is refused at its place")
  func directory() throws {
    let problems = try folder.load(Self.bare + "[journal]\npath = .\n").problems
    #expect(problems.map(\.position.description) == ["\(folder.path)/onevent.conf:7:8"])
    #expect(problems.first?.message.contains("is the directory \(folder.path)") == true)
  }

  @Test("a key in [DEFAULT] that no section of the file inherits is told; one that a value names is not")
  func unused() throws {
    let text = "[DEFAULT]\nkeep = 3d\npath = /bin\nlevel = debug\n" + Self.bare.dropFirst(10)
    let findings = try folder.load(text.replacing("/bin/true", with: "%(path)s/true") + "[log]\n").loaded().findings
    let warnings = findings.filter { $0.kind == .warning }
    #expect(warnings.map(\.position.line) == [2])
    #expect(warnings.first?.message.contains("'keep' in [DEFAULT] has no effect") == true)
  }

  @Test("[DEFAULT] is inherited by [journal] of its own file")
  func inherited() throws {
    let first = try folder.write("a.conf", "[DEFAULT]\nkeep = 3d\n" + Self.bare.dropFirst(10) + "[journal]\n")
    let second = try folder.write("b.conf", "[journal]\nrecord = all\n")
    let configuration = try ConfigurationLoader.load(paths: [first, second], environment: asRoot).loaded()
    #expect(configuration.journal.keep == .seconds(3 * 86_400))
    #expect(configuration.journal.record == .all)
  }

  @Test("an action's retries are its own, then those of [DEFAULT], then those of [scripts]; 0 counts as said")
  func retries() throws {
    let configuration = try folder.load(
      """
      [scripts]
      retries = 9
      retry_delay = 1s
      [DEFAULT]
      queues = q
      retries = 2
      script = /bin/true
      [a]
      events = x
      retries = 0
      retry_delay = 2s
      [b]
      events = x
      """
    ).loaded()
    #expect(configuration.actions.map(\.retry.retries) == [0, 2])
    #expect(configuration.actions.map(\.retry.delay) == [.seconds(2), .seconds(1)])
  }
}
