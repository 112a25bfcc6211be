// SPDX-License-Identifier: Apache-2.0

import CLinux
import CRunAs
import Glibc

/// Owns what every child gets alike: a session of its own, default signal dispositions and an empty signal mask.
///
/// Built once: it says nothing of a single invocation.
struct SpawnAttributes: ~Copyable {
  private var attributes = posix_spawnattr_t()

  init() {
    posix_spawnattr_init(&attributes)
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    // Not sigfillset: it leaves out the two signals that glibc uses itself, which the child would then ignore.
    withUnsafeMutableBytes(of: &signals) { bytes in bytes.indices.forEach { bytes[$0] = 0xFF } }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF) | clinux_spawn_setsid)
  }

  func withPointer<Result>(_ body: (UnsafePointer<posix_spawnattr_t>) -> Result) -> Result {
    withUnsafePointer(to: attributes, body)
  }

  deinit {
    var attributes = attributes
    posix_spawnattr_destroy(&attributes)
  }
}

/// Owns what a child does with descriptors and working directory before it executes its program.
struct SpawnActions: ~Copyable {
  private var actions = posix_spawn_file_actions_t()

  /// Connects the three standard descriptors, changes the working directory and closes every other descriptor.
  ///
  /// All four descriptors must be above 2, lest one overwrites another.
  init(
    input: borrowing Descriptor, output: borrowing Descriptor, error: borrowing Descriptor,
    directory: borrowing Descriptor
  ) throws(ErrorNumber) {
    posix_spawn_file_actions_init(&actions)
    // Each can fail for want of memory only.
    var result = posix_spawn_file_actions_adddup2(&actions, input.number, STDIN_FILENO)
    if result == 0 { result = posix_spawn_file_actions_adddup2(&actions, output.number, STDOUT_FILENO) }
    if result == 0 { result = posix_spawn_file_actions_adddup2(&actions, error.number, STDERR_FILENO) }
    if result == 0 { result = clinux_spawn_fchdir(&actions, directory.number) }
    if result == 0 { result = clinux_spawn_close_from(&actions, 3) }
    guard result == 0 else { throw ErrorNumber(value: result) }
  }

  /// Connects the three standard descriptors, run-as's request and its report, and closes every other descriptor.
  ///
  /// The first three must be above 2, the report's descriptor above 4, lest one overwrites another.
  init(
    input: borrowing Descriptor, output: borrowing Descriptor, error: borrowing Descriptor,
    request: borrowing Descriptor, report: borrowing Descriptor
  ) throws(ErrorNumber) {
    posix_spawn_file_actions_init(&actions)
    var result = posix_spawn_file_actions_adddup2(&actions, input.number, STDIN_FILENO)
    if result == 0 { result = posix_spawn_file_actions_adddup2(&actions, output.number, STDOUT_FILENO) }
    if result == 0 { result = posix_spawn_file_actions_adddup2(&actions, error.number, STDERR_FILENO) }
    let (third, fourth) = (Int32(runas_request_descriptor), Int32(runas_report_descriptor))
    // A request that is 4 is copied before 4 is taken.
    if result == 0 { result = posix_spawn_file_actions_adddup2(&actions, request.number, third) }
    if result == 0 { result = posix_spawn_file_actions_adddup2(&actions, report.number, fourth) }
    if result == 0 { result = clinux_spawn_close_from(&actions, fourth + 1) }
    guard result == 0 else { throw ErrorNumber(value: result) }
  }

  func withPointer<Result>(_ body: (UnsafePointer<posix_spawn_file_actions_t>) -> Result) -> Result {
    withUnsafePointer(to: actions, body)
  }

  deinit {
    var actions = actions
    posix_spawn_file_actions_destroy(&actions)
  }
}
