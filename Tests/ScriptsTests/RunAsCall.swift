// SPDX-License-Identifier: Apache-2.0

import CLinux
import CRunAs
import Foundation
import Testing

/// A start of run-as by itself, with whatever request and whatever descriptors a test gives it.
struct RunAsCall {
  /// How it ended.
  struct Result {
    /// The exit code, or 128 and the signal's number.
    var status: Int32
    var reports: [runas_report]
    var output: String
    var errors: String

    /// The steps that were reported, each with its errno.
    var steps: [Step] { reports.map { Step(number: Int($0.step), error: $0.error) } }
  }

  struct Step: Equatable {
    var number: Int
    var error: Int32
  }

  /// The request's numbers; its counts and size are set from the rest unless `keepsCounts`.
  var numbers = runas_request()
  var groups: [UInt32] = []
  var path = "/bin/true"
  var directory = "/"
  var group = ""
  var arguments = ["true"]
  var environment: [String] = []
  /// Added to the request's end.
  var tail: [UInt8] = []
  /// Bytes in place of a request.
  var raw: [UInt8]?
  /// Called last on the numbers, to falsify them.
  var falsify: (inout runas_request) -> Void = { _ in }
  var hasRequest = true
  var hasReport = true
  /// The program; run-as of the build unless a test made its own copy.
  var program = RunAsCall.built

  /// Beside the tests.
  static let built = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("run-as").path

  /// A request to execute `/bin/true` as user and group 65534, with no other groups.
  init() {
    numbers.magic = runas_magic
    numbers.version = runas_version
    numbers.uid = 65_534
    numbers.gid = 65_534
    numbers.mask = 0o022
    numbers.flags = UInt32(runas_no_new_privileges)
  }

  /// A shell script in place of `/bin/true`.
  mutating func shell(_ script: String) {
    path = "/bin/sh"
    arguments = ["sh", "-c", script]
  }

  var bytes: [UInt8] {
    if let raw { return raw }
    var numbers = numbers
    let strings: [UInt8] = ([path, directory, group] + arguments + environment).flatMap { Array($0.utf8) + [0] }
    numbers.group_count = UInt32(groups.count)
    numbers.argument_count = UInt32(arguments.count)
    numbers.variable_count = UInt32(environment.count)
    numbers.size = UInt32(MemoryLayout<runas_request>.size + 4 * groups.count + strings.count + tail.count)
    falsify(&numbers)
    var bytes = withUnsafeBytes(of: numbers) { Array($0) }
    for group in groups { withUnsafeBytes(of: group) { bytes += Array($0) } }
    return bytes + strings + tail
  }

  /// Runs it to its end; blocks the thread.
  func run() throws -> Result {
    let files = (0..<3).map { _ in clinux_memfd_create("test") }
    var ends: (Int32, Int32) = (-1, -1)
    _ = withUnsafeMutableBytes(of: &ends) { clinux_pipe_to_read($0.assumingMemoryBound(to: Int32.self).baseAddress) }
    defer { for file in files + [ends.0] { close(file) } }
    let content = bytes
    try #require(content.withUnsafeBytes { pwrite(files[0], $0.baseAddress, $0.count, 0) } == content.count)

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Above what they are copied to, whatever numbers they have here.
    let high = ([files[0], ends.1]).map { fcntl($0, 1_030, 100) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, files[1], 1)
    posix_spawn_file_actions_adddup2(&actions, files[2], 2)
    if hasRequest { posix_spawn_file_actions_adddup2(&actions, high[0], 3) }
    if hasReport { posix_spawn_file_actions_adddup2(&actions, high[1], 4) }
    for (number, isWanted) in [(Int32(3), hasRequest), (4, hasReport)] where !isWanted {
      posix_spawn_file_actions_addclose(&actions, number)
    }
    // One that run-as has to close.
    posix_spawn_file_actions_adddup2(&actions, files[1], 5)
    clinux_spawn_close_from(&actions, 6)
    var words: [UnsafeMutablePointer<CChar>?] = [strdup("run-as"), nil]
    var variables: [UnsafeMutablePointer<CChar>?] = [nil]
    defer { free(words[0]) }
    var pid = pid_t()
    let result = posix_spawn(&pid, program, &actions, nil, &words, &variables)
    for file in high + [ends.1] { close(file) }
    try #require(result == 0, "\(program): \(String(cString: strerror(result)))")
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return Result(
      status: status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F, reports: reports(from: ends.0),
      output: text(of: files[1]), errors: text(of: files[2]))
  }

  private func reports(from pipe: Int32) -> [runas_report] {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = max(0, read(pipe, &bytes, bytes.count))
    let size = MemoryLayout<runas_report>.size
    return stride(from: 0, to: count - count % size, by: size).map { start in
      bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: runas_report.self) }
    }
  }

  private func text(of file: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = pread(file, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
