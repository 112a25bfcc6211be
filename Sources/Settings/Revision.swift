// SPDX-License-Identifier: Apache-2.0

import Events

/// Tells configurations apart: a digest of everything that was read, in its order.
///
/// It is of the files as they were, so that a changed comment changes it; nobody has to know which keys matter.
struct Revision {
  private var bytes: [UInt8] = []

  /// Adds a file, by its absolute path and the bytes that were read.
  mutating func add(file path: String, _ content: [UInt8]) {
    add("file", path, content)
  }

  /// Adds a variable of the environment that overrides a key.
  mutating func add(variable name: String, _ value: String) {
    add("variable", name, value.utf8)
  }

  /// The first 12 hexadecimal digits of the SHA-256.
  var text: String {
    bytes.withUnsafeBytes { String(Digest(of: $0).description.prefix(12)) }
  }

  /// With their lengths, since the end of one part must never pass for the beginning of the next.
  private mutating func add(_ kind: String, _ name: String, _ content: some Collection<UInt8>) {
    bytes += "\(kind) \(name.utf8.count) \(content.count)\n".utf8
    bytes += name.utf8
    bytes += content
  }
}
