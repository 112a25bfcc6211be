// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Owns what one name of a path led to: a descriptor of the very object, and what the object said of itself.
///
/// Opened first and looked at afterwards, so that both are of the same object, whatever becomes of its name.
struct DirectoryEntry: ~Copyable {
  private let descriptor: Int32
  let status: stat

  /// Opens `/`.
  static func root() throws(LookFailure) -> DirectoryEntry {
    try DirectoryEntry(opened: clinux_open_entry(AT_FDCWD, "/"))
  }

  /// Opens what a name in this directory stands for; a symbolic link is opened itself.
  func entry(_ name: String) throws(LookFailure) -> DirectoryEntry {
    try DirectoryEntry(opened: clinux_open_entry(descriptor, name))
  }

  private init(opened descriptor: Int32) throws(LookFailure) {
    guard descriptor >= 0 else { throw LookFailure(errno: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let cause = errno
      close(descriptor)
      throw LookFailure(errno: cause)
    }
    self.descriptor = descriptor
    self.status = status
  }

  deinit { close(descriptor) }

  /// Where a symbolic link leads.
  func target() throws(LookFailure) -> String {
    // A link's target is at most PATH_MAX - 1 bytes (symlink(7)).
    let bytes = [CChar](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
      count = buffer.baseAddress.map { max(0, readlinkat(descriptor, "", $0, buffer.count)) } ?? 0
    }
    guard !bytes.isEmpty else { throw LookFailure(errno: errno == 0 ? ENOENT : errno) }
    return String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// Why the kernel would not show an entry.
struct LookFailure: Error {
  let errno: Int32
}
