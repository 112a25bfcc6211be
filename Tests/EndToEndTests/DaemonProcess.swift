// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import ProgramFixture

/// A running `onevent run`.
final class DaemonProcess {
  private let program: Program
  private let log: URL

  /// Starts the daemon; `wrapper` is a program, with its words, that becomes it.
  init(
    _ arguments: [String], in directory: URL, log: URL, environment: [String: String], wrapper: [String] = []
  ) throws {
    self.log = log
    let words = wrapper + [oneventBinary.path] + arguments
    program = try Program(
      words[0], Array(words.dropFirst()), environment: childEnvironment(environment), directory: directory.path,
      errors: log.path)
  }

  var pid: Int32 { program.pid }
  var isRunning: Bool { program.isRunning }

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
  func waitFor(_ message: String, count: Int = 1, timeout: Duration = .seconds(60)) async throws {
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

  func signal(_ number: Int32) { program.signal(number) }

  /// Asks the daemon to stop and returns its exit status.
  func stop(timeout: Duration = .seconds(60)) async throws -> Int32 {
    signal(SIGTERM)
    return try await end(timeout: timeout)
  }

  /// Waits until the daemon has ended and returns its exit status.
  func end(timeout: Duration = .seconds(60)) async throws -> Int32 {
    try await waitUntil("the daemon ends after SIGTERM", timeout: timeout) { !self.isRunning }
    return program.status ?? -1
  }

  func kill() {
    guard isRunning else { return }
    signal(SIGKILL)
    program.wait()
  }
}

struct DaemonFailure: Error, CustomStringConvertible {
  var description: String
}

/// What a child of the tests gets: PATH, and what the test names; nothing of the machine's own settings.
func childEnvironment(_ more: [String: String]) -> [String: String] {
  var environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
  environment["SWIFT_BACKTRACE"] = "enable=no"
  // The tests run as root, where they may.
  environment["ONEVENT_SCRIPTS__ALLOW_ROOT"] = "yes"
  return environment.merging(more) { $1 }
}
