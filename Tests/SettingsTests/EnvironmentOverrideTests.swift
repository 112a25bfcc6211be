// SPDX-License-Identifier: Apache-2.0

import AMQP
import ConfigText
import Events
import Testing

@testable import Settings

@Suite struct EnvironmentOverrideTests {
  static let text = """
    [DEFAULT]
    queues = q
    host = broker
    [scripts]
    max_concurrent = 2
    [a]
    events = x
    script = /bin/true
    """
  let folder: ConfigurationFolder

  init() throws {
    folder = try ConfigurationFolder()
  }

  @Test("variables override single values of [DEFAULT] and of the sections that all files share")
  func overrides() throws {
    let configuration = try folder.load(
      Self.text,
      environment: [
        "ONEVENT_DEFAULT__HOST": "other", "ONEVENT_DEFAULT__PORT": "5673", "ONEVENT_DEFAULT__PASSWORD": "a # b",
        "ONEVENT_SCRIPTS__MAX_CONCURRENT": "9", "ONEVENT_LOG__LEVEL": "debug", "ONEVENT_DEFAULT__TIMEOUT": "1m",
        "ONEVENT_JOURNAL__PATH": "/j/x.sqlite", "ONEVENT_JOURNAL__MAX_PENDING": "7", "ONEVENT_API__SOCKET": "none",
        "ONEVENT_API__SOCKET_GROUP": "staff", "ONEVENT_SCRIPTS__RETRIES": "4", "ONEVENT_DEFAULT__SETTLE": "run",
        "ONEVENT_PARAM__X": "not ours", "ONEVENT__X": "not ours", "ONEVENT_RUN_ID": "not ours", "ONEVENT": "1",
      ]
    ).loaded()
    let address = configuration.sources[0].consumer.address
    #expect(address.hosts == [.init(name: "other", port: 5673)])
    #expect(address.password == .text("a # b"))
    #expect(configuration.scripts.maxConcurrent == 9)
    #expect(configuration.log.level == .debug)
    #expect(configuration.actions[0].timeout == .seconds(60))
    #expect(configuration.actions[0].retry.retries == 4)
    #expect(configuration.sources[0].settle == .run)
    #expect(configuration.journal.path == "/j/x.sqlite")
    #expect(configuration.journal.maxPending == 7)
    #expect(configuration.api == Self.api(socket: nil, group: "staff"))
  }

  private static func api(socket: String?, group: String?) -> APISettings {
    var settings = APISettings()
    settings.socket = socket
    settings.socketGroup = group
    return settings
  }

  @Test("a URL in the environment stands above the host of the file")
  func url() throws {
    let configuration = try folder.load(
      Self.text, environment: ["ONEVENT_DEFAULT__URL": "amqp://u:p@other:1/v"]
    ).loaded()
    let address = configuration.sources[0].consumer.address
    #expect(address.hosts == [.init(name: "other", port: 1)])
    #expect(address.virtualHost == "v")
  }

  @Test("AMQP_URL serves where the file says nothing of a broker, and only there")
  func broker() throws {
    let environment = ["AMQP_URL": "amqp://u:p@elsewhere/%2f"]
    let with = try folder.load(Self.text, environment: environment).loaded()
    #expect(with.sources[0].consumer.address.hosts.map(\.name) == ["broker"])
    let without = try folder.load(
      Self.text.replacing("host = broker\n", with: ""), environment: environment
    ).loaded()
    let address = without.sources[0].consumer.address
    #expect(address.hosts == [.init(name: "elsewhere", port: 5672)])
    #expect(address.user == "u")
    #expect(address.virtualHost == "/")
  }

  @Test(
    "a variable that means nothing is refused by its name",
    arguments: [
      ("ONEVENT_SCRIPT__MAX_CONCURRENT", "1", "did you mean 'SCRIPTS'?"),
      ("ONEVENT_SCRIPTS__MAX_CONCURENT", "1", "did you mean 'max_concurrent'?"),
      ("ONEVENT_SCRIPTS__MAX_CONCURRENT", "x", "expected a whole number"),
      ("ONEVENT_DEFAULT__QUEUES", "a", "single values only"),
      ("ONEVENT_LOG__COLOUR", "a", "unknown key 'colour'"),
      ("ONEVENT_LOG__PATH", "a", "belongs into [journal]"),
      ("ONEVENT_DEFAULT__TAGS", "a", "single values only"),
      ("ONEVENT_DEFAULT__LEVEL", "debug", "belongs into [log]"),
      ("ONEVENT_API__LISTEN", "127.0.0.1:80", "there is no 'token_file'"),
      ("ONEVENT_JOURNAL__PAHT", "a", "did you mean 'path'?"),
      ("ONEVENT_JOURNAL__SYNC", "off", "expected one of full, normal"),
      ("ONEVENT_JORNAL__PATH", "a", "did you mean 'JOURNAL'?"),
      ("ONEVENT_API__SOCKET", "/\(String(repeating: "s", count: 107))", "108 bytes"),
    ])
  func refused(name: String, value: String, fragment: String) throws {
    let problems = try folder.load(Self.text, environment: [name: value]).problems
    #expect(problems.count == 1)
    #expect(problems.first?.message.lowercased().contains(fragment.lowercased()) == true)
    #expect(problems.first?.position.file == "environment variable \(name)")
  }
}
