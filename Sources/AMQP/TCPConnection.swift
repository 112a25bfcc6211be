// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Opens TCP connections that can be given up at any moment.
enum TCPConnection {
  /// Connects to one address.
  ///
  /// - Returns: A non-blocking descriptor that children do not inherit; the caller closes it.
  static func open(
    to address: SocketAddress, until deadline: Instant, interrupter: Interrupter
  ) throws(AMQPError) -> Int32 {
    let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
    let descriptor = socket(Int32(address.storage.ss_family), Int32(kind), 0)
    guard descriptor >= 0 else { throw unreachable(address, errno) }
    do throws(AMQPError) {
      try connect(descriptor, to: address, until: deadline, interrupter: interrupter)
    } catch {
      close(descriptor)
      throw error
    }
    // As librabbitmq sets them on the sockets that it opens itself.
    for (level, option) in [(Int32(IPPROTO_TCP), TCP_NODELAY), (SOL_SOCKET, SO_KEEPALIVE)] {
      var on: Int32 = 1
      setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }
    return descriptor
  }

  private static func connect(
    _ descriptor: Int32, to address: SocketAddress, until deadline: Instant, interrupter: Interrupter
  ) throws(AMQPError) {
    let status = withUnsafePointer(to: address.storage) { storage in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, address.length) }
    }
    if status == 0 { return }
    // EINTR leaves the connection to go on by itself, as EINPROGRESS does.
    guard errno == EINPROGRESS || errno == EINTR else { throw unreachable(address, errno) }
    switch Poll.wait(descriptor, for: POLLOUT, interrupter.event.descriptor, until: deadline) {
    case .first: break
    case .second: throw .interrupted
    case .neither: throw .unreachable(host: address.text, reason: "no answer in time")
    }
    var failure: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    if getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size) != 0 { failure = errno }
    if failure != 0 { throw unreachable(address, failure) }
  }

  private static func unreachable(_ address: SocketAddress, _ code: Int32) -> AMQPError {
    .unreachable(host: address.text, reason: describe(errno: code))
  }
}

/// What errno(3) means, in words.
func describe(errno code: Int32) -> String {
  strerror(code).map { String(cString: $0) } ?? "error \(code)"
}
