// SPDX-License-Identifier: Apache-2.0

import AMQP
import ConfigText
import Events
import Testing

@testable import Settings

@Suite struct DocumentedConfigurationTests {
  let folder: ConfigurationFolder

  init() throws {
    folder = try ConfigurationFolder()
    try folder.script("fulfill.sh")
    try folder.script("scripts/delete.sh")
  }

  @Test("the example of the Python listener's documentation loads with its inline comments")
  func documented() throws {
    let text = try Fixture.text("config/automated-workflows.conf")
    let configuration = try folder.load(text, as: "esi-event-action-listener.conf").loaded()
    let source = try #require(configuration.sources.first)
    #expect(configuration.sources.count == 1)
    #expect(source.name == "default")
    #expect(source.isConsumed)
    #expect(source.consumer.address.user == "esi")
    #expect(source.consumer.address.password == .text("s3cret%#:x"))
    #expect(source.consumer.address.hosts == [BrokerAddress.Host(name: "127.0.0.1", port: 5672)])
    #expect(source.consumer.address.virtualHost == "/")
    #expect(source.consumer.address.tls == nil)
    #expect(
      source.consumer.queues == [
        QueueSettings(name: "esi_leap_versioned_notifications.info"),
        QueueSettings(name: "esi_leap_versioned_notifications.error"),
      ])
    #expect(source.settle == .journal)
    #expect(source.consumer.prefetch == 500)

    #expect(configuration.actions.map(\.name) == ["fulfill", "delete"])
    let (fulfill, delete) = (configuration.actions[0], configuration.actions[1])
    #expect(fulfill.events.patterns.map(\.description) == ["esi_leap.lease.fulfill.end"])
    #expect(fulfill.parameters.map(\.description) == ["node_name", "fulfill_time"])
    #expect(fulfill.command.path == "\(folder.path)/fulfill.sh")
    #expect(fulfill.command.words == [Array("\(folder.path)/fulfill.sh".utf8)])
    #expect(fulfill.workingDirectory == folder.path)
    #expect(fulfill.filter?.paths.map(\.description) == ["purpose", "properties.vendor"])
    #expect(fulfill.orderBy?.description == "@subject")
    #expect(delete.command.path == "\(folder.path)/scripts/delete.sh")
    #expect(delete.parameters.map(\.description) == ["node_name", "expire_time"])
  }

  @Test("its null times, its anchors, its comments and its '%' are told, and the tenant's properties are explained")
  func advice() throws {
    let text = try Fixture.text("config/automated-workflows.conf")
    let findings = try folder.load(text, as: "esi-event-action-listener.conf").loaded().findings
    func said(_ kind: ConfigFinding.Kind, _ line: Int, _ fragment: String) -> Bool {
      findings.contains {
        $0.kind == kind && $0.position.line == line && $0.message.lowercased().contains(fragment.lowercased())
      }
    }
    #expect(said(.warning, 15, "'fulfill_time' is null in 'esi_leap.lease.fulfill.end'"))
    #expect(said(.warning, 22, "'expire_time' is null in 'esi_leap.lease.delete.end'"))
    #expect(said(.difference, 15, "now the argument is empty"))
    #expect(said(.difference, 15, "a comment ends the value of 'script_params'"))
    #expect(said(.difference, 16, "'testing' matches too"))
    #expect(said(.hint, 16, "'node_properties.vendor'"))
    #expect(said(.note, 6, "every '%' in 'password' stands for itself"))
    #expect(!findings.contains { $0.message.contains("s3cret") })
    #expect(PythonListener.generalDifferences.contains { $0.contains("shell") })
  }

  @Test("as it was published it is refused for its stray brace, with line and column, and for nothing else")
  func asPublished() throws {
    let text = try Fixture.text("config/automated-workflows-as-published.conf")
    let problems = try folder.load(text, as: "esi-event-action-listener.conf").problems
    let problem = try #require(problems.first)
    #expect(problems.count == 1)
    #expect(problem.position.line == 23)
    #expect(problem.position.column == 64)
    #expect(problem.message.contains("'}'"))
  }

  @Test("both samples of etc load without a warning and mean the same")
  func samples() throws {
    // Copies: where this repository lies is not for the samples to say, and may be writable by a group.
    for name in ["lease-begins.sh", "lease-ends.sh", "show-event.sh"] {
      try folder.script("scripts/\(name)", try Fixture.text("../../etc/scripts/\(name)"))
    }
    let ini = try folder.load(try Fixture.text("../../etc/onevent.conf"), as: "onevent.conf").loaded()
    let yaml = try folder.load(try Fixture.text("../../etc/onevent.yaml"), as: "onevent.yaml").loaded()
    #expect(ini.summary == yaml.summary)
    #expect(ini.actions.count == 3)
    #expect(!ini.findings.contains { $0.kind == .warning })
    #expect(!yaml.findings.contains { $0.kind == .warning })
  }

  @Test("the sample without a broker loads without a warning, and local events reach its actions")
  func embedded() throws {
    for name in ["lease-begins.sh", "show-event.sh"] {
      try folder.script("scripts/\(name)", try Fixture.text("../../etc/scripts/\(name)"))
    }
    let configuration = try folder.load(try Fixture.text("../../etc/embedded.conf"), as: "embedded.conf").loaded()
    #expect(configuration.sources.isEmpty)
    #expect(configuration.actions.map(\.name) == ["lease-begins", "too-hot"])
    #expect(configuration.actions.indices.allSatisfy { configuration.table.takes($0, source: "local") })
    #expect(configuration.findings.isEmpty, "\(configuration.findings)")
  }

  @Test("what both samples propose in comments loads too, and means the same")
  func proposals() throws {
    for name in ["lease-begins.sh", "lease-ends.sh", "show-event.sh"] { try folder.script(name) }
    func uncommented(_ name: String, _ setting: some RegexComponent<(Substring, Substring, Substring)>) throws
      -> Configuration
    {
      let text = try Fixture.text("../../etc/\(name)")
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        line.wholeMatch(of: setting).map { $0.output.1 + $0.output.2 } ?? line
      }
      return try folder.load(lines.joined(separator: "\n"), as: name).loaded()
    }
    let ini = try uncommented("onevent.conf", /()# (\[[a-z]+\]|[a-z_]+ = \S+)/)
    let yaml = try uncommented("onevent.yaml", /( *)# ( *[a-z_]+:(?: \S+)?)/)
    #expect(ini.summary == yaml.summary)
    let failed = try #require(ini.actions.last)
    #expect(failed.retry.retries == 5)
    #expect(failed.retry.on == .failure)
    #expect(failed.retry.delay == .seconds(30))
    // The proposals are the defaults of root.
    #expect(ini.journal == JournalSettings())
    #expect(!ini.findings.contains { $0.kind == .warning })
  }
}
