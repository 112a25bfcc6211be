// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Copies one file, by the cheapest way that its file systems offer.
enum FileCopy {
  /// Makes a copy that only its owner may read.
  ///
  /// - Parameters:
  ///   - source: What is copied; it must not change meanwhile.
  ///   - target: Must not be there yet.
  ///   - keepsFree: Bytes that are left free beside the copy.
  /// - Throws: A sentence about what failed.
  static func copy(_ source: String, to target: String, keepsFree: Int64) throws(Failure) {
    let from = open(source, O_RDONLY | O_CLOEXEC)
    guard from >= 0 else { throw Failure("\(source) cannot be read (\(reason(errno)))") }
    defer { close(from) }
    let to = open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard to >= 0 else { throw Failure("\(target) cannot be made (\(reason(errno)))") }
    defer { close(to) }
    if clinux_clone_file(to, from) == 0 { return }
    try checkRoom(from, to, keepsFree, source, target)
    var isInKernel = true
    while true {
      let count = isInKernel ? clinux_copy_file_range(from, to, 1 << 30) : moveChunk(from, to)
      if count == 0 { return }
      if count > 0 || errno == EINTR { continue }
      // The positions of both files are where the last copied byte was, so the other way goes on from there.
      guard isInKernel, errno != ENOSPC, errno != EDQUOT, errno != EIO else {
        throw Failure("\(source) cannot be copied to \(target) (\(reason(errno)))")
      }
      isInKernel = false
    }
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  private static func checkRoom(
    _ from: Int32, _ to: Int32, _ keepsFree: Int64, _ source: String, _ target: String
  ) throws(Failure) {
    var (status, room) = (stat(), statvfs())
    guard fstat(from, &status) == 0, fstatvfs(to, &room) == 0 else { return }
    let free = UInt64(room.f_bavail).multipliedReportingOverflow(by: UInt64(room.f_frsize)).partialValue
    let needed = UInt64(clamping: Int64(status.st_size) &+ keepsFree)
    guard free < needed else { return }
    throw Failure(
      "a copy of \(source) needs \(needed >> 20) MiB, and \(target) can have \(free >> 20) MiB: set TMPDIR to a "
        + "directory with more room")
  }

  /// Copies the next bytes through memory; returns their number, 0 at the end, -1 with `errno`.
  private static func moveChunk(_ from: Int32, _ to: Int32) -> Int {
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    let count = read(from, &chunk, chunk.count)
    var written = 0
    while written < count {
      let part = chunk.withUnsafeBytes { write(to, $0.baseAddress?.advanced(by: written), count - written) }
      if part < 0 && errno == EINTR { continue }
      guard part > 0 else { return -1 }
      written += part
    }
    return count
  }
}
