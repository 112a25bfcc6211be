// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A configuration file on disk; its ending says which of the two syntaxes it is written in.
package enum ConfigFile {
  /// The endings that `read` takes.
  package static let endings = [".conf", ".ini", ".yaml", ".yml"]

  /// Reads the file; what keeps it from being read is a problem of the document, like all others.
  ///
  /// Only regular files are read, and of those no more than the most that a configuration may have.
  package static func read(_ path: String) -> ConfigDocument {
    readWithBytes(path).document
  }

  /// Reads the file as `read` does, and returns the very bytes that the document was made of.
  ///
  /// There are none where the file could not be read.
  package static func readWithBytes(_ path: String) -> (document: ConfigDocument, bytes: [UInt8]) {
    do throws(ConfigProblem) {
      if path.hasSuffix(".conf") || path.hasSuffix(".ini") {
        let bytes = try contents(of: path)
        return (INIReader.read(bytes, file: path), bytes)
      }
      if path.hasSuffix(".yaml") || path.hasSuffix(".yml") {
        let bytes = try contents(of: path)
        return (YAMLReader.read(bytes, file: path), bytes)
      }
      throw problem(
        path,
        "The ending of the file's name does not say how it is written: INI ends in .conf or .ini, YAML in .yaml or .yml."
      )
    } catch {
      var document = ConfigDocument()
      document.problems = [error]
      return (document, [])
    }
  }

  /// Returns the bytes of a regular file: all of them, or enough to see that there are too many.
  private static func contents(of path: String) throws(ConfigProblem) -> [UInt8] {
    guard !path.utf8.contains(0) else { throw problem(path, "The file's name holds a NUL character.") }
    // Without O_NONBLOCK the open of a named pipe would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard descriptor >= 0 else { throw problem(path, "The file could not be opened: \(words(errno)).") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw problem(path, "The file could not be looked at: \(words(errno)).")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let kind = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "no regular file"
      throw problem(path, "This is \(kind); a configuration is a file of text.")
    }
    var bytes: [UInt8] = []
    while bytes.count <= SourceText.maximumSize {
      var failure: Int32 = 0
      let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
        let got = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        failure = got < 0 ? errno : 0
        count = max(got, 0)
      }
      if failure == EINTR { continue }
      guard failure == 0 else { throw problem(path, "The file could not be read: \(words(failure)).") }
      if chunk.isEmpty { break }
      bytes += chunk
    }
    return bytes
  }

  private static func problem(_ path: String, _ message: String) -> ConfigProblem {
    ConfigProblem(position: SourcePosition(file: path, line: 1, column: 1), message: message)
  }

  /// The C library's words for an error number.
  private static func words(_ error: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      buffer.initialize(repeating: 0)
      guard let start = buffer.baseAddress, strerror_r(error, start, buffer.count) == 0 else { return "error \(error)" }
      return String(cString: start)
    }
  }
}
