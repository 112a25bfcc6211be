// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Glibc
import Trust

/// Refuses configuration in which somebody untrusted has a say: whoever writes it decides what the daemon executes.
///
/// Trusted are root and the user whom this process acts as: the daemon's when it starts, the person's for `check` and
/// the other commands. Under sudo that is root alone: a file of the person who called sudo could be changed by
/// everything that runs under that name, without a password, and then be run as root.
struct ConfigTrust {
  private let trust = PathTrust()
  let report: Report

  /// Looks at a file, after it was read; what is not there, or cannot be read, was told by then.
  func look(atFile path: String, wasRead: Bool) {
    look(at: path, as: .file) { $0.cause != .unreachable && $0.cause != .kind || wasRead }
  }

  /// Looks at a directory of which every file counts.
  func look(atDirectory path: String) {
    look(at: path, as: .directory) { $0.cause != .unreachable }
  }

  private func look(at path: String, as role: PathTrust.Role, tells: (Distrust) -> Bool) {
    do throws(Distrust) {
      try trust.check(FilePath.absolute(path, in: FilePath.workingDirectory), as: role)
    } catch {
      guard tells(error) else { return }
      report.problem(
        at: SourcePosition(file: path, line: 1, column: 1),
        "this configuration is not trusted, because others than its owner decide what it says: \(error)")
    }
  }
}
