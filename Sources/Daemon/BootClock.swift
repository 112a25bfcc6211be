// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The clock that counts since boot, sleep included, and that nobody can set.
enum BootClock {
  /// Nanoseconds of `CLOCK_BOOTTIME`.
  static var now: Int64 { clinux_boot_time() }

  /// Names this boot of this machine; empty where the kernel does not say.
  static let bootID = TextFile.firstLine("/proc/sys/kernel/random/boot_id") ?? ""
}

/// Small files of the kernel.
enum TextFile {
  static func firstLine(_ path: String) -> String? {
    read(path).map { String(decoding: $0.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self) }
  }

  /// The whole content, at most 1 MiB of it; nil when it cannot be read.
  static func read(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 1 << 20 {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return bytes
  }
}
