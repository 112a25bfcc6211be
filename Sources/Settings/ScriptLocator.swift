// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events
import Glibc

/// Finds the file that a script's first word names, and says how it is started.
struct ScriptLocator {
  let files: SeenFiles
  /// Of the configuration file.
  let directory: String
  /// The PATH that the script itself will have.
  let searchPath: String
  /// Whether it runs as somebody else: then a start tells whether that user may execute it.
  var isForAnother = false

  /// How a script is started.
  struct Found: Equatable {
    var command: Command
    /// What is worth a warning: a file without `#!`.
    var warning: String?
    /// What decides what is run: the script first.
    var places: [CommandTrust.Place] = []
  }

  /// Why a script cannot be started, with the cure.
  struct Failure: Error, Equatable {
    var message: String
  }

  /// A file that a script's first word names.
  struct Program {
    var path: String
    /// What its first line names; nil without `#!`.
    var interpreter: String?
    /// Whether it is text that says nothing of how it is run.
    var isBareText = false
  }

  /// Finds a script, and says how it is started with arguments.
  func find(_ word: String, arguments: [String]) throws(Failure) -> Found {
    let program = try files.program(word, by: self)
    let path = program.path
    let words = ([path] + arguments).map { Array($0.utf8) }
    func places(_ interpreter: String?) -> [CommandTrust.Place] {
      CommandTrust.places(script: path, interpreter: interpreter, arguments: arguments)
    }
    guard program.isBareText else {
      return Found(command: Command(path: path, words: words), places: places(program.interpreter))
    }
    // What os.system gave to a shell.
    return Found(
      command: Command(path: "/bin/sh", words: [Array("/bin/sh".utf8)] + words),
      warning:
        "The script \(path) does not begin with '#!', so it is run by /bin/sh; write '#!/bin/sh' into its first line",
      places: places("/bin/sh")
    )
  }

  /// Finds the file.
  ///
  /// A word with `/` counts from the configuration file's directory; one without is looked for in that directory, its
  /// `scripts/`, and PATH. The first file of that name is taken, whether it can be executed or not: what a person put
  /// beside the configuration must not be passed over silently.
  func look(for word: String) throws(Failure) -> Program {
    let candidates = candidates(for: word)
    var status = stat()
    guard let path = candidates.first(where: { stat($0, &status) == 0 }) else {
      let places = candidates.count > 1 ? candidates.joined(separator: ", ") : candidates.joined()
      throw Failure(message: "The script '\(shortened(word))' was not found; looked for \(places)")
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw Failure(message: "The script '\(shortened(word))' is a directory, \(path); name a file in it")
    default: throw Failure(message: "The script '\(shortened(word))' is no file that can be executed, \(path)")
    }
    if isForAnother {
      guard status.st_mode & 0o111 != 0 else {
        throw Failure(message: "The script \(path) is not executable for anybody; chmod +x makes it so")
      }
    } else if faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0 {
      throw Failure(
        message: "The script \(path) is not executable for this user: \(String(cString: strerror(errno))); "
          + "chmod +x makes it so")
    }
    return try program(at: path)
  }

  private func candidates(for word: String) -> [String] {
    if word.utf8.contains(UInt8(ascii: "/")) { return [FilePath.absolute(word, in: directory)] }
    return (["\(directory)", "\(directory)/scripts"] + searchPath.split(separator: ":").map(String.init))
      .map { FilePath.absolute(word, in: $0) }
  }

  private func program(at path: String) throws(Failure) -> Program {
    // What cannot be read can still be a program; the kernel will say what it is.
    let head = Self.head(of: path) ?? Array("\u{7F}ELF".utf8)
    guard head.starts(with: Array("#!".utf8)) else {
      // A NUL in the head means a program of some kind.
      let isProgram = head.contains(0) || head.starts(with: Array("\u{7F}ELF".utf8))
      return Program(path: path, isBareText: !isProgram)
    }
    if head.prefix(while: { $0 != UInt8(ascii: "\n") }).last == UInt8(ascii: "\r") {
      throw Failure(
        message: "The script \(path) ends its first line with CR LF, so the kernel looks for an interpreter whose name "
          + "ends with CR; save it with LF line ends")
    }
    return Program(path: path, interpreter: try namedInterpreter(head, of: path))
  }

  /// What the first line names.
  private func namedInterpreter(_ head: [UInt8], of path: String) throws(Failure) -> String {
    let line = head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
    let blank = [UInt8(ascii: " "), UInt8(ascii: "\t")]
    let word = line.drop { blank.contains($0) }.prefix { !blank.contains($0) }
    let interpreter = String(decoding: word, as: UTF8.self)
    guard !interpreter.isEmpty else {
      throw Failure(message: "The script \(path) names no interpreter behind its '#!'; write '#!/bin/sh'")
    }
    // A relative interpreter counts from the working directory of the run; whether it is there is not ours to say.
    guard interpreter.hasPrefix("/"), access(interpreter, F_OK) != 0 else { return interpreter }
    throw Failure(
      message: "The script \(path) names the interpreter \(shortened(interpreter)), which is not there: "
        + String(cString: strerror(errno)))
  }

  /// The first bytes of a file, as many as the kernel looks at for `#!` (`BINPRM_BUF_SIZE`); nil when it cannot be read.
  private static func head(of path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var head = [UInt8](repeating: 0, count: 256)
    let count = read(descriptor, &head, head.count)
    guard count >= 0 else { return nil }
    return Array(head.prefix(count))
  }
}
