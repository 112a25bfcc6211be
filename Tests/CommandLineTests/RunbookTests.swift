// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Testing

@testable import onevent

/// Alerts tell people what to type: it has to be what the commands understand.
@Suite struct RunbookTests {
  private static let packaging = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("packaging/prometheus/onevent.rules.yml")

  /// The commands between single quotes that begin with onevent, with examples for what varies.
  static func commands(in text: String) -> [[String]] {
    let text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return text.split(separator: "'").map(String.init).filter { $0.hasPrefix("onevent ") }.map { command in
      var command = command.replacingOccurrences(of: "{{ $labels.action }}", with: "fulfill")
      command = command.replacingOccurrences(of: "{{ $labels.source }}", with: "default")
      return command.split(separator: " ").dropFirst().map { ["RUN": "5", "EVENT": "e17"][$0] ?? String($0) }
    }
  }

  private func isUnderstood(_ arguments: [String]) -> Bool {
    do {
      // What acts on an event also takes it as a file or text; the name alone is no command.
      _ = try OneventCommand.parseAsRoot(arguments == ["explain"] ? arguments + ["e17"] : arguments)
      return true
    } catch {
      return false
    }
  }

  @Test("every command that an alert names is understood")
  func commands() throws {
    let commands = Self.commands(in: try String(contentsOf: Self.packaging, encoding: .utf8))
    #expect(commands.count >= 15)
    for command in commands { #expect(isUnderstood(command), "onevent \(command.joined(separator: " "))") }
  }

  @Test("a command that there is not is seen")
  func unknown() {
    let commands = Self.commands(in: "type 'onevent runs --status\n held' or 'onevent show RUN', not 'systemctl x'")
    #expect(commands == [["runs", "--status", "held"], ["show", "5"]])
    #expect(commands.map(isUnderstood) == [false, true])
  }
}
