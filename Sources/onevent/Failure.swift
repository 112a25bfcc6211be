// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Journal

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

extension JournalError {
  /// 69 where another daemon has it, 78 where another file has to be named, 74 where the disk or its rights are at fault.
  var exitCode: ExitCode {
    switch self {
    case .locked: .unavailable
    case .newer, .foreign: .configuration
    case .tooManyRows: .usage
    case .busy: .unavailable
    case .unreachable, .sqlite, .tooSlow: .inputOutput
    }
  }
}

/// Writes a sentence to standard error.
func complain(_ sentence: String) {
  let line = "onevent: \(sentence)\n"
  _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
}
