// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation

/// A running `onevent run`.
final class DaemonProcess {
  private let process = Process()
  private let log: URL

  init(_ arguments: [String], in directory: URL, log: URL, environment: [String: String]) throws {
    self.log = log
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    process.executableURL = oneventBinary
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.environment = childEnvironment(environment)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: log)
    try process.run()
  }

  var pid: Int32 { process.processIdentifier }
  var isRunning: Bool { process.isRunning }

  /// The log's lines so far; what is not JSON stands under `text`.
  var lines: [[String: String]] {
    guard let data = FileManager.default.contents(atPath: log.path) else { return [] }
    return data.split(separator: UInt8(ascii: "\n")).map { line in
      let object = try? JSONSerialization.jsonObject(with: line) as? [String: String]
      return object ?? ["text": String(decoding: line, as: UTF8.self)]
    }
  }

  func lines(_ message: String) -> [[String: String]] { lines.filter { $0["message"] == message } }

  /// Everything logged, as text, for assertions about what must not be there.
  var logText: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

  /// Waits until a message was logged so and so often.
  func waitFor(_ message: String, count: Int = 1, timeout: Duration = .seconds(40)) async throws {
    do {
      try await waitUntil("log line \"\(message)\"", timeout: timeout) {
        self.lines(message).count >= count || !self.isRunning
      }
    } catch {
      throw DaemonFailure(description: "\(error); the log:\n\(logText.suffix(4000))")
    }
    guard lines(message).count >= count else {
      throw DaemonFailure(description: "the daemon ended before \"\(message)\"; the log:\n\(logText.suffix(4000))")
    }
  }

  func signal(_ number: Int32) { Foundation.kill(pid, number) }

  /// Asks the daemon to stop and returns its exit status.
  func stop(timeout: Duration = .seconds(40)) async throws -> Int32 {
    signal(SIGTERM)
    try await waitUntil("the daemon ends after SIGTERM", timeout: timeout) { !self.isRunning }
    return process.terminationStatus
  }

  func kill() {
    guard isRunning else { return }
    signal(SIGKILL)
    process.waitUntilExit()
  }
}

struct DaemonFailure: Error, CustomStringConvertible {
  var description: String
}

/// What a child of the tests gets: PATH, and what the test names; nothing of the machine's own settings.
func childEnvironment(_ more: [String: String]) -> [String: String] {
  var environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
  environment["SWIFT_BACKTRACE"] = "enable=no"
  return environment.merging(more) { $1 }
}

/// Runs the binary to its end; output goes through files, so that no pipe can fill up.
func runCommand(
  _ arguments: [String], in directory: URL, input: String, environment: [String: String]
) async throws -> CommandResult {
  let scratch = directory.appendingPathComponent("command-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
  let names = ["input", "output", "errors"].map { scratch.appendingPathComponent($0) }
  try Data(input.utf8).write(to: names[0])
  for file in names.dropFirst() { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
  let process = Process()
  process.executableURL = oneventBinary
  process.arguments = arguments
  process.currentDirectoryURL = directory
  process.environment = childEnvironment(environment)
  process.standardInput = try FileHandle(forReadingFrom: names[0])
  process.standardOutput = try FileHandle(forWritingTo: names[1])
  process.standardError = try FileHandle(forWritingTo: names[2])
  try process.run()
  try await waitUntil("onevent \(arguments.joined(separator: " ")) ends", timeout: .seconds(60)) { !process.isRunning }
  return CommandResult(
    status: process.terminationStatus, output: try String(contentsOf: names[1], encoding: .utf8),
    errors: try String(contentsOf: names[2], encoding: .utf8))
}
