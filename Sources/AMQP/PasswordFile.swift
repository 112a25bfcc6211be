// SPDX-License-Identifier: Apache-2.0

import Glibc

extension BrokerAddress.Password {
  /// The password as it is now; a file is read anew each time, so that a corrected one needs no restart.
  func current() throws(AMQPError) -> String {
    switch self {
    case .text(let text): text
    case .file(let path): try Self.firstLine(of: path)
    }
  }

  /// Bytes read of a password file at most.
  private static let limit = 4096

  private static func firstLine(of path: String) throws(AMQPError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .file(path: path, reason: describe(errno: errno)) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: limit)
    while bytes.count < limit, !bytes.contains(UInt8(ascii: "\n")) {
      let count = read(descriptor, &chunk, limit - bytes.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .file(path: path, reason: describe(errno: errno)) }
      if count == 0 { break }
      bytes += chunk.prefix(count)
    }
    var line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    guard !line.contains(0) else { throw .file(path: path, reason: "a password cannot contain a NUL") }
    guard !line.isEmpty else { throw .file(path: path, reason: "its first line is empty") }
    return String(decoding: line, as: UTF8.self)
  }
}
