// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import ProgramFixture
import Testing

/// What the Debian package installs beside the binary, looked at with the binary.
@Suite struct PackagedFilesTests {
  struct Example: CustomStringConvertible {
    var name: String
    /// A notification that it is for.
    var event: String
    var action: String
    var arguments: [String]

    var description: String { name }
  }

  private static let packaging = repository.appendingPathComponent("packaging")

  private static func examples() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: packaging.appendingPathComponent("examples").path).sorted()
  }

  static let expected = [
    Example(
      name: "ansible", event: "esi-leap.lease.fulfill.end.v2", action: "prepare",
      arguments: ["prepare-node.yml", "MOC-R8PAC23U24"]),
    Example(
      name: "ironic", event: "ironic.node.provision_set.end.v2", action: "deployed",
      arguments: ["1be26c0b-03f2-4d2e-ae87-c02d7f33c123", "node-7", "deploying", "active"]),
    Example(
      name: "mail", event: "esi-leap.lease.delete.error.v2", action: "mail",
      arguments: [
        "operator@example.org", "esi_leap.lease.delete.error",
        "c9a1d7e2-4f3b-4f0a-8a55-1c2d3e4f5a6b, 1b7b4b8f2a3e4c5d9e6f7a8b9c0d1e2f",
      ]),
    Example(
      name: "nova", event: "nova.instance.power_on.end.v2", action: "instance-up",
      arguments: ["add", "178b0921-8f85-4257-88b6-2e743b5a975c", "web-1", "192.168.1.3"]),
  ]

  @Test("every example passes check, which misses nothing but the password", arguments: try examples())
  func check(name: String) async throws {
    #expect(Self.expected.contains { $0.name == name }, "say below what the example does")
    try await Scene.with { scene in
      let file = Self.packaging.appendingPathComponent("examples/\(name)/onevent.conf").path
      let result = try await scene.command("check", "-c", file)
      #expect(result.status == 0, "\(result.output)")
      // The examples read their password from a file of /etc, which is not there.
      let warnings = result.output.split(separator: "\n").filter { $0.contains(": warning: ") }
      #expect(warnings.count == 1 && result.output.contains("warning: 'password_file' is not there now"))
      for word in ["hint:", "NOT consumed"] { #expect(!result.output.contains(word), "\(result.output)") }
    }
  }

  @Test("every example takes the event that it is for, with the arguments that its script expects", arguments: expected)
  func explain(example: Example) async throws {
    try await Scene.with { scene in
      let result = try await scene.command(
        "explain", "-c", Self.packaging.appendingPathComponent("examples/\(example.name)/onevent.conf").path,
        fixtures.appendingPathComponent("notifications/\(example.event).json").path)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output.contains("action \(example.action) "))
      for argument in example.arguments { #expect(result.output.contains("] \"\(argument)\"\n"), "\(argument)") }
    }
  }

  @Test("the scripts of the examples do what they say, and refuse names that are none")
  func scripts() async throws {
    try await Scene.with { scene in
      let examples = Self.packaging.appendingPathComponent("examples").path
      let environment = [
        "STATE_DIRECTORY": scene.directory.path, "HOSTS_DIRECTORY": scene.directory.path,
        "ONEVENT_EVENT_TIME": "2026-11-20",
      ]
      func ends(_ status: Int32, _ script: String, _ arguments: String...) async throws {
        let ended = try await scene.run(program: "\(examples)/\(script)", arguments, environment: environment)
        #expect(ended == status, "\(script) \(arguments)")
      }
      try await ends(0, "ironic/node-state.sh", "1be2-6c", "node-7", "deploying", "active")
      #expect(scene.text(of: "1be2-6c") == "name=node-7\nstate=active\nsince=2026-11-20\n")
      try await ends(1, "ironic/node-state.sh", "../1be2", "node-7", "deploying", "active")
      try await ends(0, "nova/instance-hosts.sh", "add", "178b", "web-1", "192.168.1.3")
      #expect(scene.text(of: "178b") == "192.168.1.3 web-1\n")
      try await ends(1, "nova/instance-hosts.sh", "add", "178b", "web\n1.2.3.4 other", "192.168.1.3")
      try await ends(0, "nova/instance-hosts.sh", "remove", "178b")
      #expect(!scene.exists("178b"))
      try await ends(1, "ansible/run-playbook.sh", "prepare-node.yml", "n1,n2")
    }
  }

  @Test("the installed configuration passes check, and the daemon idles with it and says what to edit")
  func installedConfiguration() async throws {
    try await Scene.with { scene in
      let file = Self.packaging.appendingPathComponent("etc/onevent/onevent.conf")
      let result = try await scene.command("check", "-c", file.path)
      #expect(result.status == 0)
      #expect(result.output.contains("onevent.conf:1:1: warning: Nothing is configured yet"))
      try scene.write("onevent.conf", try String(contentsOf: file, encoding: .utf8))
      let daemon = try scene.run()
      try await daemon.waitFor("onevent started")
      let line = try #require(daemon.lines.first { $0["message"]?.contains("is configured yet, so nothing") == true })
      #expect(line["place"]?.hasSuffix("/onevent.conf:1:1") == true)
      try await waitUntil("the daemon answers") { try await scene.command("status", "-c", "onevent.conf").status == 0 }
      #expect(try await daemon.stop() == 0)
    }
  }

  @Test("the installed configuration with its comment signs taken away is a whole one")
  func uncommented() async throws {
    try await Scene.with { scene in
      let file = Self.packaging.appendingPathComponent("etc/onevent/onevent.conf")
      let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
        line.hasPrefix("#") && line.dropFirst().first?.isWhitespace == false ? String(line.dropFirst()) : String(line)
      }
      try scene.script("lease-begins.sh", "#!/bin/sh\n")
      try scene.write("full.conf", lines.joined(separator: "\n"))
      let result = try await scene.command("check", "-c", "full.conf")
      #expect(result.status == 0, "\(result.output)")
      #expect(result.output.contains("action lease-begins: esi_leap.lease.fulfill.end runs"))
      let warnings = result.output.split(separator: "\n").filter { $0.contains(": warning: ") }
      #expect(warnings.allSatisfy { $0.contains("password_file") }, "\(result.output)")
    }
  }

  @Test("Version.swift, debian/changelog, the manual pages and CHANGELOG.md agree")
  func version() async throws {
    let result = try await Scene.with { try await $0.command("--version") }
    let version = try #require(result.output.split(separator: " ").last).trimmingCharacters(in: .newlines)
    func text(_ path: String) throws -> String {
      try String(contentsOf: repository.appendingPathComponent(path), encoding: .utf8)
    }
    for page in ["onevent.1", "onevent.conf.5"] {
      #expect(try text("packaging/man/\(page)").contains("\"onevent \(version)\""))
    }
    let debian = try #require(try text("packaging/debian/changelog").split(separator: "\n").first)
    #expect(debian.hasPrefix("onevent (\(version)) "))
    let headings = try text("CHANGELOG.md").split(separator: "\n").filter { $0.hasPrefix("## ") }
    // What is not released yet says so in both.
    let isUnreleased = headings.first == "## Unreleased"
    #expect(debian.contains(") UNRELEASED;") == isUnreleased)
    #expect(isUnreleased || headings.first?.hasPrefix("## \(version) ") == true)
  }
}

extension Scene {
  /// Runs a program in this scene to its end, and returns its exit code.
  fileprivate func run(program: String, _ arguments: [String], environment: [String: String]) async throws -> Int32 {
    let directory = directory.path
    let environment = childEnvironment(environment)
    return try await outsideOfThePool {
      try runProgram(program, arguments, environment: environment, directory: directory).status
    }
  }
}
