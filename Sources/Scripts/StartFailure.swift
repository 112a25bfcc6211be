// SPDX-License-Identifier: Apache-2.0

import Events
import Glibc
import Trust

/// Why a script never ran: an `errno` and a sentence for the operator.
struct StartFailure: Error, Equatable {
  let errno: Int32
  /// Names the script and the cause, and where there is one, the remedy.
  let reason: String

  var outcome: Outcome { .couldNotStart(errno: errno, reason: reason) }

  /// A step before the program's execution failed.
  init(_ invocation: Invocation, doing deed: String, _ error: ErrorNumber) {
    self.init(errno: error.value, "cannot run \(invocation.path): cannot \(deed): \(Self.cause(error))")
  }

  init(_ invocation: Invocation, embeddedNULIn place: String) {
    self.init(
      errno: EINVAL, "cannot run \(invocation.path): its \(place) holds a NUL byte, which no program can be given")
  }

  /// The child ran, but the kernel had no means left to watch it.
  init(unwatchable invocation: Invocation, _ error: ErrorNumber) {
    self.init(
      errno: error.value,
      "cannot run \(invocation.path): it was started, could not be watched and was killed at once: "
        + Self.cause(error))
  }

  init(workingDirectoryOf invocation: Invocation, _ error: ErrorNumber) {
    self.init(
      errno: error.value,
      "cannot run \(invocation.path): cannot enter its working directory \(invocation.workingDirectory): "
        + Self.cause(error))
  }

  /// The child could not be started: the process could not be made, its directory not entered, or its program not executed.
  init(executing invocation: Invocation, in directory: borrowing Descriptor, _ error: ErrorNumber) {
    if error.value == EACCES, faccessat(directory.number, ".", X_OK, AT_EACCESS) != 0 {
      self.init(workingDirectoryOf: invocation, error)
      return
    }
    self.init(invocation, executing: error)
  }

  /// execve(2) failed.
  init(_ invocation: Invocation, executing error: ErrorNumber) {
    let predicate =
      error.value == E2BIG
      ? Self.excess(of: invocation)
      : ProgramDiagnosis(error: error, workingDirectory: invocation.workingDirectory).predicate(of: invocation.path)
    self.init(invocation, error.value, predicate.map { "it \($0)" } ?? Self.cause(error))
  }

  /// The sentence goes on behind the script's name.
  init(_ invocation: Invocation, _ errno: Int32, _ sentence: String) {
    self.init(errno: errno, "cannot run \(invocation.path): \(sentence)")
  }

  /// Somebody untrusted has a say in what would be run, or it is not there.
  init(distrusting path: String, of invocation: Invocation, _ distrust: Distrust) {
    guard distrust.cause != .unreachable else {
      let diagnosis = ProgramDiagnosis(
        error: ErrorNumber(value: distrust.errno), workingDirectory: invocation.workingDirectory)
      let cause = diagnosis.predicate(of: path).map { "it \($0)" } ?? Self.cause(ErrorNumber(value: distrust.errno))
      self.init(errno: distrust.errno, "cannot run \(path): \(cause)")
      return
    }
    let subject = path == distrust.path ? "" : "\(path) is not trusted: "
    self.init(errno: distrust.errno, "cannot run \(invocation.path): \(subject)\(distrust)")
  }

  /// The name in an entry `NAME=value`; never its value, which may be a secret.
  static func name(ofEntry entry: [UInt8]) -> String {
    String(decoding: entry.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
  }

  private init(errno: Int32, _ reason: String) {
    self.errno = errno
    self.reason = reason
  }

  /// The cause where a resource ran out, in words that name the limit; else the C library's words.
  static func cause(_ error: ErrorNumber) -> String {
    switch error.value {
    case EAGAIN:
      "the limit on processes is reached (ulimit -u, TasksMax= of the unit, or kernel.pid_max)"
    case ENOMEM:
      "there is not enough memory for another process"
    case EMFILE:
      "the daemon's limit on open files is reached (ulimit -n, or LimitNOFILE= of the unit)"
    case ENFILE:
      "the system's limit on open files is reached (fs.file-max)"
    default:
      error.words
    }
  }

  /// What is too long to be passed: one string, or all of them together (execve(2), "Limits on size").
  private static func excess(of invocation: Invocation) -> String {
    let longest = 32 * sysconf(Int32(_SC_PAGESIZE)) - 1
    if let index = invocation.arguments.firstIndex(where: { $0.count > longest }) {
      return "would get \(invocation.arguments[index].count) bytes as argument \(index), and Linux passes at most "
        + "\(longest) in one: let it read the event from its standard input"
    }
    if let entry = invocation.environment.first(where: { $0.count > longest }) {
      return "would get \(entry.count) bytes in environment variable \(name(ofEntry: entry)), and Linux passes at "
        + "most \(longest) in one: let it read the event from its standard input"
    }
    let total = (invocation.arguments + invocation.environment).reduce(0) { $0 + $1.count + 1 }
    return "would get \(total) bytes of arguments and environment, and Linux passes at most "
      + "\(sysconf(Int32(_SC_ARG_MAX))) with their pointers (ulimit -s raises it): let it read the event from its "
      + "standard input"
  }
}
