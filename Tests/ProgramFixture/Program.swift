// SPDX-License-Identifier: Apache-2.0

import CLinux
package import Foundation
import Glibc
import Synchronization

/// A program that a test has started: with files for its three streams and no descriptor but these.
///
/// Tests of one process start programs side by side. Pipes, and the sockets by which Foundation's `Process` notices an
/// end, get into every child that is started at that moment, and a reader then waits for all of them. Files and
/// waitpid(2) do not.
package final class Program: Sendable {
  package let pid: Int32
  private let end = Mutex<Int32?>(nil)

  /// Starts a program, looked for in `PATH` when its path holds no `/`.
  ///
  /// Without an `environment` it gets that of the tests, without a `directory` it starts where they run. `input`,
  /// `output` and `errors` are files; the latter two are appended to.
  package init(
    _ path: String, _ arguments: [String], environment: [String: String]? = nil, directory: String? = nil,
    input: String = "/dev/null", output: String = "/dev/null", errors: String = "/dev/null"
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let append = O_WRONLY | O_CREAT | O_APPEND
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, append, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errors, append, 0o600)
    var opened: Int32 = -1
    if let directory {
      opened = clinux_open_directory(directory)
      clinux_spawn_fchdir(&actions, opened)
    }
    clinux_spawn_close_from(&actions, 3)
    defer { if opened >= 0 { close(opened) } }
    // A thread of the test runner's pool blocks signals; the program must not.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let variables = (environment ?? ProcessInfo.processInfo.environment).map { "\($0.key)=\($0.value)" }
    var pid: pid_t = 0
    let result = Self.withVector([path] + arguments) { argv in
      Self.withVector(variables) { envp in posix_spawnp(&pid, path, &actions, &attributes, argv, envp) }
    }
    guard result == 0 else {
      throw ProgramFailure(description: "cannot start \(path): \(String(cString: strerror(result)))")
    }
    self.pid = pid
  }

  /// How it ended: the exit code, or 128 and the signal's number; nil while it runs.
  package var status: Int32? {
    end.withLock { end in
      guard end == nil else { return end }
      var raw: Int32 = 0
      guard waitpid(pid, &raw, WNOHANG) == pid else { return nil }
      end = raw & 0x7f == 0 ? raw >> 8 & 0xff : 128 + raw & 0x7f
      return end
    }
  }

  package var isRunning: Bool { status == nil }

  package func signal(_ number: Int32) {
    // Under the lock, so that the number is not another process's by now.
    end.withLock { end in if end == nil { _ = kill(pid, number) } }
  }

  /// Waits for its end; blocks the thread.
  @discardableResult
  package func wait() -> Int32 {
    while true {
      if let status { return status }
      usleep(2_000)
    }
  }

  private static func withVector<Result>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("an array with an element has a base") }
      return body(base)
    }
  }
}

package struct ProgramFailure: Error, CustomStringConvertible {
  package var description: String

  package init(description: String) {
    self.description = description
  }
}

/// How a program ended, and what it printed.
package struct ProgramResult: Sendable {
  package var status: Int32
  package var output: Data
  package var errors: Data

  package var outputText: String { String(decoding: output, as: UTF8.self) }
  package var errorText: String { String(decoding: errors, as: UTF8.self) }
}

/// Runs a program to its end; blocks the thread.
package func runProgram(
  _ path: String, _ arguments: [String], input: Data = Data(), environment: [String: String]? = nil,
  directory: String? = nil
) throws -> ProgramResult {
  let files = FileManager.default.temporaryDirectory.appendingPathComponent("onevent-program-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: files) }
  let names = ["input", "output", "errors"].map { files.appendingPathComponent($0) }
  try input.write(to: names[0])
  let program = try Program(
    path, arguments, environment: environment, directory: directory, input: names[0].path, output: names[1].path,
    errors: names[2].path)
  let status = program.wait()
  return ProgramResult(status: status, output: try Data(contentsOf: names[1]), errors: try Data(contentsOf: names[2]))
}

/// Does work that blocks on a thread that no task waits for.
package func outsideOfThePool<Value: Sendable>(
  _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
  }
}
