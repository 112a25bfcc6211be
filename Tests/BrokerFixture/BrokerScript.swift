// SPDX-License-Identifier: Apache-2.0

package import Foundation
import ProgramFixture

/// The command `scripts/broker` of this repository.
package enum BrokerScript {
  package static let path = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("scripts/broker").path

  /// Runs a command of the script and returns what it printed.
  ///
  /// - Throws: `BrokerScriptError` with the script's own words when its exit status is not 0.
  @discardableResult
  package static func run(_ command: String, _ directory: URL, _ arguments: [String] = []) throws -> String {
    try output(of: path, [command, directory.path] + arguments)
  }

  /// The lines `NAME=VALUE` that a started broker left in its directory.
  package static func facts(in directory: URL) throws -> [String: String] {
    let text = try String(contentsOf: directory.appendingPathComponent("env"), encoding: .utf8)
    var facts: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { facts[String(parts[0])] = String(parts[1]) }
    }
    return facts
  }
}

package struct BrokerScriptError: Error, CustomStringConvertible {
  package var description: String
}

/// Runs a program to its end and returns its standard output.
func output(of path: String, _ arguments: [String]) throws -> String {
  let result = try runProgram(path, arguments)
  guard result.status == 0 else {
    throw BrokerScriptError(
      description: "\(path) \(arguments.joined(separator: " ")) ended with \(result.status): \(result.errorText)")
  }
  return result.outputText
}
