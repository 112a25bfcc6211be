// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Finds out what is wrong with a file that the kernel refused to execute.
///
/// The kernel's answer often hides the cause: `ENOENT` also says that a script's interpreter is missing, `EACCES`
/// has five causes (execve(2)). The look comes after the refusal: if the file has been put right in between, there
/// is nothing to find.
struct ProgramDiagnosis {
  let error: ErrorNumber
  let workingDirectory: String

  /// Says what is wrong with the file, as a sentence that begins with its name goes on, such as "does not exist".
  ///
  /// `depth` is how many interpreters led here; the kernel follows at most five. Nil if nothing is wrong.
  func predicate(of path: String, depth: Int = 0) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return unreachable(path, .last) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: return "is a directory, not a program"
    default: return "is not a regular file"
    }
    if error.value == EACCES, let forbidden = forbidden(path, status) { return forbidden }
    if error.value == ETXTBSY, depth == 0 {
      return "is open for writing at this moment: install a script by renaming the finished copy to its place"
    }
    switch ProgramFile(contentsOf: path) {
    case .script(let line): return predicate(of: line, of: path, depth: depth)
    case .program(let program): return predicate(of: program, depth: depth)
    case .unreadable: return nil
    case .other(let oddity): return error.value == ENOEXEC ? oddity : nil
    }
  }

  private func predicate(of line: InterpreterLine, of path: String, depth: Int) -> String? {
    let interpreter = line.interpreter
    if interpreter.isEmpty { return "names no interpreter after the #! of its first line" }
    if interpreter.hasSuffix("\r"), error.value == ENOENT {
      return #"has a Windows line end (CR LF) in its first line, so that the kernel looks for an interpreter named "#
        + #""\#(interpreter.dropLast())\r": remove them, for example with sed -i 's/\r$//' \#(path)"#
    }
    if !line.isComplete {
      return "has a first line of more than \(InterpreterLine.longest) bytes, of which the kernel reads no more"
    }
    guard depth < 5 else { return "has an interpreter that needs an interpreter, and so on: the kernel follows five" }
    let place = interpreter.hasPrefix("/") ? interpreter : "\(workingDirectory)/\(interpreter)"
    return predicate(of: place, depth: depth + 1).map { "names an interpreter, \(interpreter), that \($0)" }
  }

  private func predicate(of program: ProgramHeader, depth: Int) -> String? {
    if error.value == ENOEXEC {
      return program.isForThisMachine
        ? "is a damaged program" : "is a program for another kind of machine (\(program.machine))"
    }
    guard let loader = program.loader, depth < 5 else { return nil }
    return predicate(of: loader, depth: 5).map { "needs the program loader \(loader), which \($0)" }
  }

  /// Why a path leads to no file.
  private func unreachable(_ path: String, _ error: ErrorNumber) -> String {
    switch error.value {
    case ENOENT:
      if let target = linkTarget(of: path) { return "is a symbolic link to \(target), which does not exist" }
      let missing = parents(of: path).first { access($0, F_OK) != 0 && errno == ENOENT }
      return missing.map { "does not exist, nor does the directory \($0)" } ?? "does not exist"
    case EACCES:
      let closed = parents(of: path).first { faccessat(AT_FDCWD, $0, X_OK, AT_EACCESS) != 0 && errno == EACCES }
      return "cannot be reached: this user may not enter the directory \(closed ?? "above it"), which needs chmod +x"
    case ENOTDIR:
      let file = parents(of: path).first { access("\($0)/.", F_OK) != 0 && errno == ENOTDIR }
      return "cannot be reached: \(file ?? "a part of its path") is not a directory"
    case ELOOP:
      return "cannot be reached: its symbolic links go round in a circle"
    default:
      return "cannot be reached: \(error.words)"
    }
  }

  /// What forbids the execution of a file that is there.
  private func forbidden(_ path: String, _ status: stat) -> String? {
    let mode = status.st_mode & 0o7777
    let digits = String(mode, radix: 8)
    if mode & 0o111 == 0 { return "is not executable (its mode is \(digits)): chmod +x \(path)" }
    if clinux_is_mounted_noexec(path) == 1 { return "lies on a file system that is mounted noexec" }
    guard faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0 else { return nil }
    return "may not be executed by this user (uid \(geteuid()); its owner is \(status.st_uid):\(status.st_gid), "
      + "its mode \(digits))"
  }

  /// The directories that a path leads through, the outermost first.
  private func parents(of path: String) -> [String] {
    path.indices.filter { path[$0] == "/" && $0 != path.startIndex }.map { String(path[..<$0]) }
  }

  private func linkTarget(of path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let count = readlink(path, start, buffer.count)
      return count <= 0 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }
}
