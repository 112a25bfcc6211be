// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The room that the system has for arguments and environment.
struct ArgumentSpace: Sendable {
  /// The bytes that one argument or environment entry may have, without the NUL behind it.
  ///
  /// Linux: MAX_ARG_STRLEN, 32 pages of 4096 bytes, in linux/binfmts.h; the NUL counts.
  static let longest = 131_071

  /// The bytes that all may have together, as execve(2) counts: each with its NUL and a pointer of 8 bytes.
  var total: Int

  /// What execve(2) gives under the limits of this process: a quarter of the stack, at most 6 MiB, at least 128 KiB.
  ///
  /// Less 16 KiB for what the kernel adds: the words of a `#!` line, the program's path and the auxiliary vector.
  static let system = ArgumentSpace(total: min(max(sysconf(Int32(_SC_ARG_MAX)), 131_072), 6_291_456) - 16_384)

  /// The bytes that some strings take of the total.
  static func size(of strings: [[UInt8]]) -> Int {
    strings.reduce(0) { $0 + $1.count + 9 }
  }
}
