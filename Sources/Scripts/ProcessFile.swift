// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads the small files in which the kernel tells of processes and control groups.
package enum ProcessFile {
  /// More than any environment has (execve(2), "Limits on size").
  private static let longest = 8 << 20

  /// Returns the whole content; nil when the file is gone or may not be read.
  package static func read(_ path: String) -> [UInt8]? {
    guard let file = try? Descriptor(opened: open(path, O_RDONLY | O_CLOEXEC)) else { return nil }
    var content: [UInt8] = []
    // The kernel hands out a page of most of them at a time.
    let portion = 4096
    while content.count < longest {
      let bytes = [UInt8](unsafeUninitializedCapacity: portion) { buffer, filled in
        var count = 0
        repeat { count = Glibc.read(file.number, buffer.baseAddress, portion) } while count < 0 && errno == EINTR
        filled = max(0, count)
      }
      if bytes.isEmpty { break }
      content += bytes
    }
    return content
  }

  /// The first line; nil when the file is gone or may not be read.
  package static func firstLine(_ path: String) -> String? {
    read(path).map { String(decoding: $0.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self) }
  }

  /// Writes a word into a file that takes it as an order.
  static func write(_ word: String, to path: String) throws(ErrorNumber) {
    let file = try Descriptor(opened: open(path, O_WRONLY | O_CLOEXEC))
    let count = word.utf8.count
    guard Glibc.write(file.number, word, count) == count else { throw ErrorNumber.last }
  }

  /// The names in a directory, without `.` and `..`; nil when it cannot be read.
  static func names(in directory: String) -> [String]? {
    guard let stream = opendir(directory) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { text($0) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  private static func text<Name>(_ name: UnsafePointer<Name>) -> String {
    name.withMemoryRebound(to: CChar.self, capacity: MemoryLayout<Name>.size) { String(cString: $0) }
  }
}
