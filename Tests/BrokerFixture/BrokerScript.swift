// SPDX-License-Identifier: Apache-2.0

package import Foundation

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
    try runProgram(path, [command, directory.path] + arguments)
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
func runProgram(_ path: String, _ arguments: [String]) throws -> String {
  // Files, not pipes: two pipes would have to be read side by side.
  let files = FileManager.default.temporaryDirectory.appendingPathComponent("onevent-program-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: files) }
  let output = files.appendingPathComponent("output")
  let errors = files.appendingPathComponent("errors")
  for file in [output, errors] { try Data().write(to: file) }

  let process = Process()
  process.executableURL = URL(fileURLWithPath: path)
  process.arguments = arguments
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = try FileHandle(forWritingTo: output)
  process.standardError = try FileHandle(forWritingTo: errors)
  try process.run()
  process.waitUntilExit()
  guard process.terminationStatus == 0 else {
    let words = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
    throw BrokerScriptError(
      description: "\(path) \(arguments.joined(separator: " ")) ended with \(process.terminationStatus): \(words)")
  }
  return String(decoding: try Data(contentsOf: output), as: UTF8.self)
}

/// Does work that blocks on a thread that no task waits for.
func outsideOfThePool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
  }
}
