// SPDX-License-Identifier: Apache-2.0

package import Foundation
import Glibc
import Synchronization

/// A real datagram socket that keeps what is sent to it: as a service manager or a system journal would take it.
///
/// A thread reads, so that no sender waits. A datagram that brings a descriptor stands for the content of that file.
package final class DatagramReceiver: Sendable {
  package struct Datagram: Sendable {
    package var bytes: Data
    /// Whether it came as a memory file, and if so, whether that was sealed against every change.
    package var isFile = false
    package var isSealed = false
  }

  package let address: String
  private let descriptor: Int32
  private let datagrams = Mutex<[Datagram]>([])
  private let isEnding = Atomic(false)

  /// Makes the socket at a path, or at an abstract name with a leading `@`.
  package init(at address: String) throws {
    self.address = address
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var place = sockaddr_un()
    place.sun_family = sa_family_t(AF_UNIX)
    var name = Array(address.utf8)
    let isAbstract = name.first == UInt8(ascii: "@")
    if isAbstract { name[0] = 0 }
    guard name.count < MemoryLayout.size(ofValue: place.sun_path) else {
      throw ProgramFailure(description: "\(address) is too long for a socket")
    }
    withUnsafeMutableBytes(of: &place.sun_path) { $0.copyBytes(from: name) }
    let length = MemoryLayout<sa_family_t>.size + name.count + (isAbstract ? 0 : 1)
    let result = withUnsafePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(length)) }
    }
    guard result == 0 else {
      throw ProgramFailure(description: "cannot bind \(address): \(String(cString: strerror(errno)))")
    }
    Thread.detachNewThread { [weak self] in
      while let self, !self.isEnding.load(ordering: .relaxed) { self.receive() }
    }
  }

  deinit {
    close(descriptor)
    unlink(address)
  }

  /// Everything so far.
  package var all: [Datagram] { datagrams.withLock { $0 } }
  /// The same as texts.
  package var texts: [String] { all.map { String(decoding: $0.bytes, as: UTF8.self) } }

  /// Lets go of the address; what is sent to it from here on finds nobody.
  package func end() {
    isEnding.store(true, ordering: .relaxed)
    unlink(address)
  }

  /// Waits until so many have come, and returns them; blocks the thread.
  package func wait(for count: Int) throws -> [Datagram] {
    for _ in 0..<20_000 {
      let all = all
      if all.count >= count { return all }
      usleep(1_000)
    }
    throw ProgramFailure(description: "\(count) datagrams were expected, \(all.count) came: \(texts)")
  }

  private func receive() {
    var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&ready, 1, 20) > 0 else { return }
    var content = [UInt8](repeating: 0, count: 16 << 20)
    // A header of control data (cmsg(3)) and one descriptor behind it.
    var control = [UInt64](repeating: 0, count: 8)
    let (count, controlLength) = content.withUnsafeMutableBytes { content in
      control.withUnsafeMutableBytes { control in
        var piece = iovec(iov_base: content.baseAddress, iov_len: content.count)
        return withUnsafeMutablePointer(to: &piece) { piece in
          var message = msghdr()
          message.msg_iov = piece
          message.msg_iovlen = 1
          message.msg_control = control.baseAddress
          message.msg_controllen = control.count
          let count = recvmsg(descriptor, &message, 0)
          return (count, message.msg_controllen)
        }
      }
    }
    guard count >= 0 else { return }
    var datagram = Datagram(bytes: Data(content.prefix(count)))
    if controlLength >= 20 {
      // The descriptor stands behind a length of 8 bytes, a level and a type of 4.
      let file = control.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: Int32.self) }
      datagram = Self.content(of: file)
      close(file)
    }
    datagrams.withLock { $0.append(datagram) }
  }

  private static func content(of file: Int32) -> Datagram {
    var bytes = Data()
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = pread(file, &chunk, chunk.count, off_t(bytes.count))
      guard count > 0 else { break }
      bytes += chunk.prefix(count)
    }
    // F_GET_SEALS; seal, shrink, grow and write are the first four.
    let seals = fcntl(file, 1034)
    return Datagram(bytes: bytes, isFile: true, isSealed: seals & 15 == 15)
  }
}
