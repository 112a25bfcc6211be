// SPDX-License-Identifier: Apache-2.0

extension BrokerURL {
  /// Reads a URL.
  ///
  /// - Throws: `BrokerURLError` with the offset of the first fault and its cure.
  package init(_ text: String) throws(BrokerURLError) {
    let bytes = Array(text.utf8)
    try Self.refuseOddBytes(bytes)
    var start = bytes.startIndex
    self.init(scheme: try Self.scheme(bytes, &start))
    if scheme == .amqps { tls = true }

    let authority = bytes[start...].prefix { !Self.endsAuthority.contains($0) }
    try readHosts(authority)
    var rest = bytes[authority.endIndex...]
    if rest.first == UInt8(ascii: "/") {
      let path = rest.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
      virtualHost = try virtualHost(path.dropFirst())
      rest = rest[path.endIndex...]
    }
    if rest.first == UInt8(ascii: "?") {
      let query = rest.dropFirst().prefix { $0 != UInt8(ascii: "#") }
      try readQuery(query)
      rest = rest[query.endIndex...]
    }
    if rest.first == UInt8(ascii: "#") {
      throw BrokerURLError(
        reason: "`#` has no meaning in a broker's URL; in a user, password or virtual host it is written %23",
        offset: rest.startIndex)
    }
  }

  private static let endsAuthority = Array("/?#".utf8)

  private static func refuseOddBytes(_ bytes: [UInt8]) throws(BrokerURLError) {
    guard let offset = bytes.firstIndex(where: { $0 <= UInt8(ascii: " ") || $0 == 0x7F }) else { return }
    let what = bytes[offset] == UInt8(ascii: " ") ? "a space" : "a control character"
    throw BrokerURLError(
      reason: "\(what) cannot stand in a URL: remove it, or write %\(hexadecimal(bytes[offset])) where it is meant",
      offset: offset)
  }

  /// Moves `start` behind the `://`.
  private static func scheme(_ bytes: [UInt8], _ start: inout Int) throws(BrokerURLError) -> Scheme {
    let name = bytes.prefix { $0 != UInt8(ascii: ":") }
    guard bytes[name.endIndex...].starts(with: "://".utf8) else {
      throw BrokerURLError(reason: "a broker's URL begins with amqp://, amqps:// or rabbit://", offset: 0)
    }
    guard let scheme = Scheme(rawValue: String(decoding: name, as: UTF8.self).lowercased()) else {
      throw BrokerURLError(
        reason: "`\(String(decoding: name, as: UTF8.self))` is not a scheme of brokers: expected amqp, amqps or rabbit",
        offset: 0)
    }
    start = name.endIndex + 3
    return scheme
  }

  private func virtualHost(_ path: ArraySlice<UInt8>) throws(BrokerURLError) -> String {
    if path.isEmpty || path.elementsEqual("/".utf8) { return "/" }
    // Behind a `/` in a password, this would be the rest of that.
    if path.contains(UInt8(ascii: "@")) {
      throw BrokerURLError(
        reason: "an `@` in the name of a virtual host is written %40; "
          + "if this is part of a password, write %2F for its `/`",
        offset: path.startIndex)
    }
    // oslo.messaging takes the whole path; the AMQP URI specification one segment of it.
    if scheme != .rabbit, let slash = path.firstIndex(of: UInt8(ascii: "/")) {
      throw BrokerURLError(reason: "a `/` in the name of a virtual host is written %2F", offset: slash)
    }
    return try Self.decoded(path, "virtual host")
  }
}

// MARK: - Hosts and log-in

extension BrokerURL {
  private mutating func readHosts(_ authority: ArraySlice<UInt8>) throws(BrokerURLError) {
    guard !authority.isEmpty else { return }
    for entry in authority.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      var host = entry
      // The last one: an `@` in a password ought to be written %40, but what else could be meant?
      if let at = entry.lastIndex(of: UInt8(ascii: "@")) {
        try readLogin(entry[..<at])
        host = entry[(at + 1)...]
      }
      // `amqp://user@` and `amqp://user@/vhost` leave the host to its default.
      if host.isEmpty, authority.count == entry.count { continue }
      hosts.append(try Self.host(host))
    }
  }

  private mutating func readLogin(_ text: ArraySlice<UInt8>) throws(BrokerURLError) {
    let name = text.prefix { $0 != UInt8(ascii: ":") }
    let newUser = name.isEmpty ? nil : try Self.decoded(name, "user")
    let newPassword =
      name.endIndex == text.endIndex ? nil : try Self.decoded(text[(name.endIndex + 1)...], "password")
    if hosts.isEmpty {
      user = newUser
      password = newPassword
    } else if newUser != user || newPassword != password {
      throw BrokerURLError(
        reason: "this host has another user or password than the first one: one log-in serves all hosts of a URL",
        offset: text.startIndex)
    }
  }

  private static func host(_ text: ArraySlice<UInt8>) throws(BrokerURLError) -> Host {
    guard let first = text.first else {
      throw BrokerURLError(
        reason: "a host is missing between two commas, or behind the last one", offset: text.startIndex)
    }
    var name = text.prefix { $0 != UInt8(ascii: ":") }
    var rest = text[name.endIndex...]
    if first == UInt8(ascii: "[") {
      guard let close = text.firstIndex(of: UInt8(ascii: "]")) else {
        throw BrokerURLError(reason: "the `[` of an IPv6 address is not closed by `]`", offset: text.startIndex)
      }
      name = text[(text.startIndex + 1)..<close]
      rest = text[(close + 1)...]
      guard rest.isEmpty || rest.first == UInt8(ascii: ":") else {
        throw BrokerURLError(
          reason: "behind the `]` of an IPv6 address stands `:` and a port, or nothing", offset: close + 1)
      }
    } else if rest.dropFirst().contains(UInt8(ascii: ":")) {
      throw BrokerURLError(
        reason: "more than one `:`: an IPv6 address stands in brackets, as in [::1]:5672; "
          + "in a user or password, write %3A for `:` and %2C for `,`",
        offset: text.startIndex)
    }
    guard !name.isEmpty else { throw BrokerURLError(reason: "the host is missing", offset: name.startIndex) }
    return Host(name: try decoded(name, "host"), port: try port(rest.dropFirst()))
  }

  private static func port(_ text: ArraySlice<UInt8>) throws(BrokerURLError) -> UInt16? {
    if text.isEmpty { return nil }
    // `UInt16` alone would take a sign.
    guard text.allSatisfy(isDigit), let port = UInt16(String(decoding: text, as: UTF8.self)), port > 0 else {
      throw BrokerURLError(
        reason: "the port is not a number from 1 to 65535; if this is part of a password, write %2F for `/`, "
          + "%3F for `?`, %23 for `#`, %2C for `,` and %40 for `@`",
        offset: text.startIndex)
    }
    return port
  }
}

// MARK: - Percent-decoding

extension BrokerURL {
  static func decoded(_ text: ArraySlice<UInt8>, _ what: String) throws(BrokerURLError) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var index = text.startIndex
    while index < text.endIndex {
      guard text[index] == UInt8(ascii: "%") else {
        result.append(text[index])
        index += 1
        continue
      }
      let digits = text[(index + 1)...].prefix(2)
      guard digits.count == 2, digits.allSatisfy(isHexadecimal),
        let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      else {
        throw BrokerURLError(
          reason: "behind `%` in the \(what) stand two hexadecimal digits; `%` itself is written %25", offset: index)
      }
      guard byte != 0 else { throw BrokerURLError(reason: "a \(what) cannot contain a NUL", offset: index) }
      result.append(byte)
      index += 3
    }
    guard let decoded = String(validating: result, as: UTF8.self) else {
      throw BrokerURLError(reason: "the \(what) is not UTF-8 once it is decoded", offset: text.startIndex)
    }
    return decoded
  }

  static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte | 0x20
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return digits.utf8.count == 1 ? "0" + digits : digits
  }
}
