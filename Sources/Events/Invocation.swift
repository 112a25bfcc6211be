// SPDX-License-Identifier: Apache-2.0

/// What an attempt executes, fully resolved: nothing is looked up or interpreted after this.
package struct Invocation: Sendable, Equatable {
  /// The absolute path of the program to execute.
  package var path: String
  /// The argument vector, the program's name first; no argument holds a NUL byte.
  package var arguments: [[UInt8]]
  /// The whole environment, each entry `NAME=value`; no entry holds a NUL byte.
  package var environment: [[UInt8]]
  /// What the script reads on its standard input; `nil` connects `/dev/null`.
  package var standardInput: [UInt8]?
  /// The absolute path of the working directory.
  package var workingDirectory: String
  /// How long the script may run before its whole process group is sent TERM.
  package var timeout: Duration
  /// How long after TERM the process group is sent KILL.
  package var killAfter: Duration

  /// Absolute paths that nobody but trusted users may have a say in, looked at right before the start.
  ///
  /// The script comes first, then its interpreter and what the interpreter is told to run.
  package var trustedPaths: [String]

  package init(
    path: String, arguments: [[UInt8]], environment: [[UInt8]], standardInput: [UInt8]?,
    workingDirectory: String, timeout: Duration, killAfter: Duration, trustedPaths: [String] = []
  ) {
    self.path = path
    self.arguments = arguments
    self.environment = environment
    self.standardInput = standardInput
    self.workingDirectory = workingDirectory
    self.timeout = timeout
    self.killAfter = killAfter
    self.trustedPaths = trustedPaths
  }
}
