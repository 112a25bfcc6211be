// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Testing

@testable import onevent

/// What onevent(1) says of the commands, held against the parser.
@Suite struct ManualPageTests {
  /// A command as the parser has it, or as the page describes it.
  struct Command {
    var name: String
    /// With their dashes: `--config`, `-c`.
    var options: Set<String> = []
    /// How many words it takes that are no options.
    var words = 0
  }

  private struct Dump: Decodable {
    struct Command: Decodable {
      var commandName: String
      var subcommands: [Command]?
      var arguments: [Argument]?
    }
    struct Argument: Decodable {
      struct Name: Decodable {
        var kind: String
        var name: String
      }
      var kind: String
      var names: [Name]?
    }
    var command: Command
  }

  static func parsed() throws -> [Command] {
    let dump = try JSONDecoder().decode(Dump.self, from: Data(OneventCommand._dumpHelp().utf8))
    return (dump.command.subcommands ?? []).map { command in
      let arguments = command.arguments ?? []
      let names = arguments.flatMap { $0.names ?? [] }
      return Command(
        name: command.commandName, options: Set(names.map { ($0.kind == "short" ? "-" : "--") + $0.name }),
        words: arguments.count { $0.kind == "positional" })
    }
  }

  static func page() throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(contentsOf: root.appending(path: "packaging/man/onevent.1"), encoding: .utf8)
  }

  /// The commands of the page, and under the empty name the options that many commands have.
  static func described(_ page: String) -> [Command] {
    var commands: [Command] = []
    var section = ""
    var isTag = false
    for line in page.split(separator: "\n") {
      defer { isTag = line == ".TP" }
      if line.hasPrefix(".SH ") {
        section = String(line.dropFirst(4))
        if section == "COMMON OPTIONS" { commands.append(Command(name: "")) }
      } else if section == "COMMANDS", line.hasPrefix(".SS ") {
        let words = line.dropFirst(4).split(separator: " ")
        commands.append(Command(name: String(words.first ?? ""), words: words.count - 1))
      } else if isTag, let last = commands.indices.last, section == "COMMANDS" || section == "COMMON OPTIONS" {
        let text = line.replacingOccurrences(of: "\\-", with: "-")
        commands[last].options.formUnion(
          text.split { " \",".contains($0) }.map(String.init).filter { $0.hasPrefix("-") })
      }
    }
    return commands
  }

  /// Everything in which a page and the parser differ, as sentences.
  static func differences(_ page: String) throws -> [String] {
    let described = described(page)
    let common = described.first { $0.name.isEmpty }?.options ?? []
    let parsed = try parsed()
    var differences: [String] = []
    for command in parsed {
      guard let entry = described.first(where: { $0.name == command.name }) else {
        differences.append("\(command.name) is not described")
        continue
      }
      differences += command.options.subtracting(entry.options).subtracting(common).map {
        "\(command.name) \($0) is not described"
      }
      differences += entry.options.subtracting(command.options).map { "\(command.name) has no \($0)" }
      if entry.words != command.words { differences.append("\(command.name) takes \(command.words) words") }
    }
    let names = parsed.map(\.name)
    differences += described.filter { !$0.name.isEmpty && !names.contains($0.name) }.map { "there is no \($0.name)" }
    let all = parsed.reduce(into: Set<String>()) { $0.formUnion($1.options) }
    differences += common.subtracting(all).map { "no command has \($0)" }
    return differences
  }

  @Test("onevent(1) has every command with every option, and no other")
  func commands() throws {
    #expect(try Self.parsed().count > 15)
    #expect(try Self.differences(try Self.page()) == [])
  }

  @Test(
    "a command and an option that are missing, and ones that are no more, are told",
    arguments: [
      (".SS status\n", ".SS state\n", "status is not described"), (".SS status\n", ".SS state\n", "there is no state"),
      (".B \\-\\-dry\\-run\n", ".B \\-\\-wet\\-run\n", "replay --dry-run is not described"),
      (".B \\-\\-dry\\-run\n", ".B \\-\\-wet\\-run\n", "replay has no --wet-run"),
      (".B \\-\\-json\n", ".B \\-\\-xml\n", "status --json is not described"),
      (".B \\-\\-json\n", ".B \\-\\-xml\n", "no command has --xml"),
      (".SS paths \\fIEVENT\\fR\n", ".SS paths\n", "paths takes 1 words"),
    ])
  func detects(text: String, replacement: String, difference: String) throws {
    let page = try Self.page()
    #expect(page.contains(text))
    #expect(try Self.differences(page.replacingOccurrences(of: text, with: replacement)).contains(difference))
  }
}
