// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Sends datagrams to one address of this machine; owns its socket.
///
/// The address is looked up anew for each datagram, so that a receiver who was started again is found again.
final class DatagramSocket: Sendable {
  private let descriptor: Int32
  private let address: String

  /// Makes a socket that sends to a path, or to an abstract name with a leading `@`.
  init(to address: String) throws(DatagramFailure) {
    self.address = address
    descriptor = clinux_datagram_socket()
    if descriptor < 0 { throw DatagramFailure(address: address, errno: errno) }
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  /// Sends one datagram; waits 5 s at most for a receiver who is behind.
  func send(_ bytes: ArraySlice<UInt8>) throws(DatagramFailure) {
    let sent = bytes.withUnsafeBytes { clinux_send_datagram(descriptor, address, $0.baseAddress, $0.count, -1) }
    if sent < 0 { throw DatagramFailure(address: address, errno: errno) }
  }

  /// Sends one datagram of any size: what is too large for the socket goes as a sealed memory file in its place.
  ///
  /// For receivers that know this, as the system journal does.
  func sendAnySize(_ bytes: ArraySlice<UInt8>) throws(DatagramFailure) {
    do throws(DatagramFailure) {
      try send(bytes)
    } catch {
      guard error.errno == EMSGSIZE || error.errno == ENOBUFS else { throw error }
      try sendAsFile(bytes)
    }
  }

  private func sendAsFile(_ bytes: ArraySlice<UInt8>) throws(DatagramFailure) {
    let file = clinux_memfd_create("journal-entry")
    guard file >= 0 else { throw DatagramFailure(address: address, errno: errno) }
    defer { Glibc.close(file) }
    var rest = bytes
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw DatagramFailure(address: address, errno: written == 0 ? ENOSPC : errno) }
      rest = rest.dropFirst(written)
    }
    guard clinux_seal(file) == 0, clinux_send_datagram(descriptor, address, nil, 0, file) >= 0 else {
      throw DatagramFailure(address: address, errno: errno)
    }
  }
}

/// A datagram did not get to its receiver.
struct DatagramFailure: Error, CustomStringConvertible {
  var address: String
  var errno: Int32

  var description: String { "cannot send to \(address): \(String(cString: strerror(errno)))" }
}
