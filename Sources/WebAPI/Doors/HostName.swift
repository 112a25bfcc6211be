// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The name by which a client calls the port, as `Host` and `Origin` write it: `name`, `name:80`, `[::1]:80`.
struct HostName: Sendable, Equatable {
  /// In lower case, an IPv6 address without its brackets, without a final dot.
  var name: String
  var port: UInt16?

  /// Nil where it is no host with or without a port.
  init?(_ text: some StringProtocol) {
    var rest = text.lowercased()[...]
    if rest.hasPrefix("[") {
      guard let close = rest.firstIndex(of: "]") else { return nil }
      name = String(rest[rest.index(after: rest.startIndex)..<close])
      rest = rest[rest.index(after: close)...]
      guard Self.isAddress(name, AF_INET6) else { return nil }
    } else {
      let end = rest.firstIndex(of: ":") ?? rest.endIndex
      name = String(rest[..<end])
      rest = rest[end...]
      if name.hasSuffix(".") { name.removeLast() }
    }
    guard !name.isEmpty, name.utf8.allSatisfy({ $0 > UInt8(ascii: " ") && !"/@\\?#".utf8.contains($0) }) else {
      return nil
    }
    if rest.isEmpty { return }
    guard let number = UInt16(rest.dropFirst()) else { return nil }
    port = number
  }

  /// Whether it is an address and no name: nobody can make an address mean another machine.
  var isAddress: Bool { Self.isAddress(name, AF_INET) || Self.isAddress(name, AF_INET6) }

  private static func isAddress(_ text: String, _ family: Int32) -> Bool {
    var address = in6_addr()
    return inet_pton(family, text, &address) == 1
  }
}
