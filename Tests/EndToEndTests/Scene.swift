// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import ProgramFixture

/// A directory with a configuration and scripts of a test's own, and the built binary to run on it.
final class Scene {
  let directory: URL
  private var daemons: [DaemonProcess] = []

  /// Makes a scene for the time of a test; daemons that still run are killed, the directory is removed.
  static func with<Value>(_ body: (Scene) async throws -> Value) async throws -> Value {
    let scene = try Scene()
    defer { scene.tearDown() }
    return try await body(scene)
  }

  private init() throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("onevent-e2e-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: directory.appendingPathComponent("runs"), withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o755])
    try script("record.sh", Self.recorder)
  }

  private func tearDown() {
    for daemon in daemons { daemon.kill() }
    try? FileManager.default.removeItem(at: directory)
  }

  /// Keeps what a script gets.
  ///
  /// Each argument in a file, standard input in another, and a line in `log` when it starts and when it ends. It takes as long as the file `sleep` says, and waits as long as there is a file `hold`.
  private static let recorder = """
    #!/bin/sh
    echo "start $ONEVENT_RUN_ID $1" >> runs/log
    n=0
    for argument in "$@"; do
      n=$((n + 1))
      printf %s "$argument" > "runs/$ONEVENT_RUN_ID.$n"
    done
    cat > "runs/$ONEVENT_RUN_ID.stdin"
    env > "runs/$ONEVENT_RUN_ID.env"
    if [ -e sleep ]; then sleep "$(cat sleep)"; fi
    while [ -e hold ]; do sleep 0.05; done
    echo "end $ONEVENT_RUN_ID $1" >> runs/log
    """

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    let path = directory.appendingPathComponent(name).path
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    // Whatever the umask is: what a group can write is not trusted.
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    return path
  }

  func script(_ name: String, _ text: String) throws {
    let path = try write(name, text)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(at: directory.appendingPathComponent(name))
  }

  func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: directory.appendingPathComponent(name).path)
  }

  /// What the recorder wrote for each start and end, in order.
  var runLog: [String] {
    guard let data = FileManager.default.contents(atPath: directory.appendingPathComponent("runs/log").path) else {
      return []
    }
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  var startedRuns: [String] { runLog.filter { $0.hasPrefix("start ") } }
  var endedRuns: [String] { runLog.filter { $0.hasPrefix("end ") } }

  /// The arguments that the recorder got in one run.
  func arguments(of run: String) -> [Data] {
    var arguments: [Data] = []
    while let data = FileManager.default.contents(
      atPath: directory.appendingPathComponent("runs/\(run).\(arguments.count + 1)").path)
    {
      arguments.append(data)
    }
    return arguments
  }

  func standardInput(of run: String) throws -> [String: Any] {
    let data = try Data(contentsOf: directory.appendingPathComponent("runs/\(run).stdin"))
    return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
  }

  func environment(of run: String) throws -> [String: String] {
    let text = try String(contentsOf: directory.appendingPathComponent("runs/\(run).env"), encoding: .utf8)
    return Dictionary(
      text.split(separator: "\n").compactMap { line in
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
      }, uniquingKeysWith: { $1 })
  }

  /// A journal and a socket of the scene's own.
  ///
  /// Own events are made where an action names them, so that others can count on the numbers of those that they send.
  private var state: [String: String] {
    [
      "ONEVENT_JOURNAL__PATH": directory.appendingPathComponent("journal.sqlite").path,
      "ONEVENT_API__SOCKET": directory.appendingPathComponent("api").path,
      "ONEVENT_JOURNAL__OWN_EVENTS": "named",
    ]
  }

  /// Where the next daemon's standard error goes.
  var nextLog: URL { directory.appendingPathComponent("daemon-\(daemons.count).log") }

  /// Starts `onevent run` on a configuration of this scene; its log is JSON, or what the configuration says.
  func run(
    _ config: String = "onevent.conf", _ options: [String] = [], logsJSON: Bool = true,
    environment: [String: String] = [:], wrapper: [String] = []
  ) throws -> DaemonProcess {
    var environment = environment
    if logsJSON { environment["ONEVENT_LOG__FORMAT"] = "json" }
    environment["ONEVENT_LOG__LEVEL"] = environment["ONEVENT_LOG__LEVEL"] ?? "debug"
    // Empty = what the configuration says.
    if environment["ONEVENT_LOG__LEVEL"] == "" { environment["ONEVENT_LOG__LEVEL"] = nil }
    for (key, value) in state { environment[key] = environment[key] ?? value }
    let daemon = try DaemonProcess(
      ["run", "-c", directory.appendingPathComponent(config).path] + options, in: directory,
      log: nextLog, environment: environment, wrapper: wrapper)
    daemons.append(daemon)
    return daemon
  }

  /// Runs a command of the binary to its end.
  func command(_ arguments: String..., input: String = "", environment: [String: String] = [:]) async throws
    -> CommandResult
  {
    try await run(command: arguments, input: input, environment: environment)
  }

  /// Starts a command of the binary; what it prints goes into a file of this scene.
  func start(_ arguments: [String], output: String) throws -> Program {
    try Program(
      oneventBinary.path, arguments, environment: childEnvironment(state), directory: directory.path,
      output: directory.appendingPathComponent(output).path,
      errors: directory.appendingPathComponent("\(output).errors").path)
  }

  /// What a file of this scene holds; empty while it is not there.
  func text(of name: String) -> String {
    (try? String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8)) ?? ""
  }

  /// Runs a command of the binary to its end.
  func run(command arguments: [String], input: String = "", environment: [String: String] = [:]) async throws
    -> CommandResult
  {
    let directory = directory.path
    let environment = state.merging(environment) { $1 }
    let result = try await outsideOfThePool {
      try runProgram(
        oneventBinary.path, arguments, input: Data(input.utf8), environment: childEnvironment(environment),
        directory: directory)
    }
    return CommandResult(status: result.status, output: result.outputText, errors: result.errorText)
  }
}

/// How a command ended, and what it printed.
struct CommandResult {
  var status: Int32
  var output: String
  var errors: String
}

/// The binary that was built together with these tests.
let oneventBinary: URL = {
  #if os(Linux)
    let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    return tests.deletingLastPathComponent().appendingPathComponent("onevent")
  #endif
}()

let repository = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

let fixtures = repository.appendingPathComponent("Tests/Fixtures")

/// A notification as it was on the bus.
func notification(_ name: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: fixtures.appendingPathComponent("notifications/\(name).json")))
}
