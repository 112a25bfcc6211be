// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why commands cannot reach the daemon: there is no socket.
package struct SocketFailure: Error, Equatable, CustomStringConvertible {
  package var description: String

  init(_ path: String, _ reason: String) {
    description = "the socket \(path) for commands cannot be made: \(reason)"
  }
}

/// The file of a Unix socket: made where nobody listens, and for whom it may serve.
struct SocketFile {
  /// `sun_path` of unix(7) has 108 bytes, of which a NUL takes one.
  static let longestPath = 107

  let path: String

  /// Makes sure that the socket can be bound, and keeps other daemons from binding it while `body` does.
  ///
  /// - Throws: When the path is too long, its directory is not there, or somebody listens on it. The file of a daemon
  ///   that is gone is no obstacle: whoever binds replaces it.
  func whileFree<Value>(_ body: () throws -> Value) throws -> Value {
    guard path.utf8.count <= Self.longestPath else {
      throw SocketFailure(
        path, "its path has \(path.utf8.count) bytes and may have \(Self.longestPath); choose a shorter one in [api]")
    }
    // A lock on the directory needs no file of its own, and goes with the process.
    let directory = open(directoryPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else {
      throw SocketFailure(
        path,
        "its directory \(directoryPath) cannot be opened: \(Self.reason(errno)); make it, or name another in [api]")
    }
    defer { close(directory) }
    guard flock(directory, LOCK_EX) == 0 else { throw SocketFailure(path, Self.reason(errno)) }
    try checkFree()
    return try body()
  }

  private func checkFree() throws(SocketFailure) {
    switch Self.connectOnce(path) {
    case 0: throw SocketFailure(path, "another daemon listens there; stop that one, or name another path in [api]")
    case ECONNREFUSED, ENOENT: return
    case EAGAIN: throw SocketFailure(path, "another daemon listens there, and is busy; stop it, or name another path")
    case let code: throw SocketFailure(path, "what listens there cannot be asked: \(Self.reason(code))")
    }
  }

  /// Zero when somebody listens, else the error number.
  private static func connectOnce(_ path: String) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | O_NONBLOCK, 0)
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    return connect(descriptor, to: path)
  }

  /// Zero when the descriptor is connected, else the error number.
  static func connect(_ descriptor: Int32, to path: String) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { place in place.copyBytes(from: path.utf8.prefix(longestPath)) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { base in
        Glibc.connect(descriptor, base, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 ? 0 : errno
      }
    }
  }

  /// Lets the owner and a group use the socket.
  ///
  /// - Returns: Why the group may not, where that is so: it does not exist, or this process may not give it away.
  func admit(group name: String?) throws(SocketFailure) -> String? {
    var refusal: String?
    if let name {
      if let group = Self.group(name) {
        // A sandbox may forbid the call altogether, also where it would change nothing.
        if chown(path, uid_t.max, group) != 0, errno != EPERM || group != getegid() {
          refusal = "it cannot be given to the group \(name): \(Self.reason(errno))"
        }
      } else {
        refusal = "there is no group \(name)"
      }
    }
    guard chmod(path, 0o660) == 0 else { throw SocketFailure(path, Self.reason(errno)) }
    return refusal
  }

  private static func group(_ name: String) -> gid_t? {
    var entry = Glibc.group()
    var found: UnsafeMutablePointer<Glibc.group>?
    // A group of thousands of members has a long entry.
    var memory = [CChar](repeating: 0, count: 1 << 20)
    let result = getgrnam_r(name, &entry, &memory, memory.count, &found)
    return result == 0 && found != nil ? entry.gr_gid : nil
  }

  private var directoryPath: String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
