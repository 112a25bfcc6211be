// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// Exit codes of sysexits.h, as the manual lists them.
extension ExitCode {
  /// The answer is no: nothing matched, nothing found.
  static let no = ExitCode(1)
  static let usage = ExitCode(EX_USAGE)
  static let data = ExitCode(EX_DATAERR)
  static let unavailable = ExitCode(EX_UNAVAILABLE)
  static let internalError = ExitCode(EX_SOFTWARE)
  static let inputOutput = ExitCode(EX_IOERR)
  static let permission = ExitCode(EX_NOPERM)
  static let configuration = ExitCode(EX_CONFIG)
}

/// Writes a sentence to standard error.
func complain(_ sentence: String) {
  let line = "onevent: \(sentence)\n"
  _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
}
