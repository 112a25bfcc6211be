// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Owns one open descriptor and closes it at the end of its life.
struct Descriptor: ~Copyable, Sendable {
  /// The descriptor's number, valid as long as the owner lives.
  let number: Int32

  /// Takes over an open descriptor.
  ///
  /// - Throws: The `errno` of the call that was to open it, when `number` is negative.
  init(opened number: Int32) throws(ErrorNumber) {
    guard number >= 0 else { throw ErrorNumber.last }
    self.number = number
  }

  /// Takes over a descriptor that is known to be open.
  fileprivate init(owning number: Int32) { self.number = number }

  /// Gives it a number that is greater than `least`, unless it has one.
  consuming func lifted(above least: Int32) throws(ErrorNumber) -> Descriptor {
    guard number <= least else { return self }
    // F_DUPFD_CLOEXEC, which the module does not show.
    return try Descriptor(opened: fcntl(number, 1_030, least + 1))
  }

  deinit { close(number) }
}

/// Owns both ends of a pipe that a child writes to and the runner reads from.
struct Pipe: ~Copyable {
  /// Non-blocking.
  let reading: Descriptor
  /// Blocking, as programs expect of their output.
  let writing: Descriptor

  init() throws(ErrorNumber) {
    var ends: (Int32, Int32) = (-1, -1)
    let result = withUnsafeMutableBytes(of: &ends) {
      clinux_pipe_to_read($0.assumingMemoryBound(to: Int32.self).baseAddress)
    }
    guard result == 0 else { throw ErrorNumber.last }
    reading = Descriptor(owning: ends.0)
    writing = Descriptor(owning: ends.1)
  }
}

/// An `errno` on its way to a sentence.
struct ErrorNumber: Error, Equatable {
  let value: Int32

  /// What the last failed call of this thread left behind.
  static var last: ErrorNumber { ErrorNumber(value: errno) }

  /// The C library's words for it, for example `Permission denied`.
  var words: String { String(cString: strerror(value)) }
}
