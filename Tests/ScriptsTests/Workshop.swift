// SPDX-License-Identifier: Apache-2.0

import CLinux
import Events
import Foundation
import Scripts
import Synchronization
import Testing

/// A temporary directory for scripts and a runner that runs them; both go with it.
final class Workshop: Sendable {
  let directory: String
  let recorder: Recorder
  let runner: ScriptRunner
  private let lastAttempt = Atomic<UInt64>(0)

  init(outputLimit: Int = 64 << 10, keepsLines: Bool = true) throws {
    directory = FileManager.default.temporaryDirectory.path + "/onevent-scripts-\(UUID().uuidString)"
    // Whatever the umask is: a script in a directory that a group can write is not started.
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    recorder = Recorder(keepsLines: keepsLines)
    runner = try ScriptRunner(outputLimit: outputLimit, observer: recorder)
  }

  deinit {
    runner.interruptAll()
    runner.close()
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// Writes a file that can be executed at once, and returns its path.
  func file(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o755) throws -> String {
    let path = "\(directory)/\(name)"
    try writeFile(path, bytes, mode)
    try waitUntilNobodyWrites(path)
    return path
  }

  private func writeFile(_ path: String, _ bytes: [UInt8], _ mode: mode_t) throws {
    // Not by Foundation, which may leave the file open in a process that is started meanwhile.
    let file = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, mode)
    try #require(file >= 0)
    defer { close(file) }
    try #require(bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) } == bytes.count)
    try #require(fchmod(file, mode) == 0)
  }

  /// Waits until nobody has a file open for writing, which would keep it from being executed.
  ///
  /// A child that another test is starting holds a copy of every descriptor for a moment.
  func waitUntilNobodyWrites(_ path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    try #require(file >= 0)
    defer { close(file) }
    // F_SETLEASE, which the module does not show: a read lease is given when there is no writer (fcntl(2)).
    while fcntl(file, 1_024, F_RDLCK) != 0 {
      try #require(errno == EAGAIN)
      sched_yield()
    }
    // Closing is not enough: such a child may hold the lease too, and the next writer's coming would end us by SIGIO.
    try #require(fcntl(file, 1_024, F_UNLCK) == 0)
  }

  /// Writes a shell script and returns its path.
  func script(_ text: String) throws -> String {
    try file("script-\(UUID().uuidString).sh", Array("#!/bin/sh\n\(text)\n".utf8))
  }

  func start(_ invocation: Invocation) -> AttemptID {
    let attempt = AttemptID(lastAttempt.add(1, ordering: .relaxed).newValue)
    runner.start(invocation, as: attempt)
    return attempt
  }

  /// Runs an invocation and waits for its end.
  func run(_ invocation: Invocation) async -> (record: Recorder.Record, completion: Completion) {
    await end(of: start(invocation))
  }

  func end(of attempt: AttemptID) async -> (record: Recorder.Record, completion: Completion) {
    let record = await recorder.wait(for: attempt) { !$0.completions.isEmpty }
    return (record, record.completions[0])
  }
}

extension Invocation {
  /// An invocation with the limits of a test.
  init(
    _ path: String, _ arguments: [String] = [], environment: [String] = ["PATH=/usr/bin:/bin"],
    input: [UInt8]? = nil, directory: String = "/", timeout: Duration = .seconds(60),
    killAfter: Duration = .seconds(30)
  ) {
    self.init(
      path: path, arguments: ([path] + arguments).map { Array($0.utf8) },
      environment: environment.map { Array($0.utf8) }, standardInput: input, workingDirectory: directory,
      timeout: timeout, killAfter: killAfter)
  }
}

extension KeptOutput {
  var text: String { String(decoding: head + tail, as: UTF8.self) }
}

extension Recorder.Record {
  /// The process number that the script printed in its first line.
  var printedPID: pid_t? { lines.first.flatMap { pid_t($0.text) } }
}

/// Tells whether a process ends within five seconds; also true of one that is gone already.
func ends(_ pid: pid_t) -> Bool {
  let process = clinux_pidfd_open(pid)
  guard process >= 0 else { return errno == ESRCH }
  defer { close(process) }
  var poll = pollfd(fd: process, events: Int16(POLLIN), revents: 0)
  return Glibc.poll(&poll, 1, 5_000) == 1
}

/// Tells whether a process is there and no zombie.
func lives(_ pid: pid_t) -> Bool {
  guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
  return !status.contains(") Z ")
}
