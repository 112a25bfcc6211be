// SPDX-License-Identifier: Apache-2.0

extension BrokerURL {
  /// A key of the query; several names where oslo.messaging and RabbitMQ call the same thing differently.
  fileprivate struct QueryKey: Sendable {
    var names: [String]
    /// Whether it is of no use without TLS.
    var needsTLS = false
    var read: @Sendable (inout BrokerURL, Value) throws(BrokerURLError) -> Void
  }

  /// A value of the query, decoded, with its place.
  fileprivate struct Value {
    var key: String
    var text: String
    var offset: Int
  }

  /// A `+` stands for itself: it is common in file names.
  mutating func readQuery(_ query: ArraySlice<UInt8>) throws(BrokerURLError) {
    // Behind a `?` in a password, this would be the rest of that.
    if query.contains(UInt8(ascii: "@")) {
      throw BrokerURLError(
        reason: "an `@` in a query is written %40; if this is part of a password, write %3F for its `?`",
        offset: query.startIndex)
    }
    var seen: Set<String> = []
    var firstOfTLS: (name: String, offset: Int)?
    for field in query.split(separator: UInt8(ascii: "&")) {
      let name = field.prefix { $0 != UInt8(ascii: "=") }
      let key = try Self.key(name)
      guard let known = key.names.first, seen.insert(known).inserted else {
        throw BrokerURLError(
          reason: "`\(key.names.joined(separator: "` or `"))` stands twice: keep one", offset: field.startIndex)
      }
      let text = field[name.endIndex...].dropFirst()
      let value = Value(
        key: String(decoding: name, as: UTF8.self), text: try Self.decoded(text, "value"), offset: text.startIndex)
      guard !value.text.isEmpty else { throw value.error("has no value") }
      try key.read(&self, value)
      if key.needsTLS, firstOfTLS == nil { firstOfTLS = (value.key, field.startIndex) }
    }
    if let firstOfTLS, tls != true {
      throw BrokerURLError(
        reason: "`\(firstOfTLS.name)` is of no use without TLS: write "
          + (scheme == .rabbit ? "ssl=1 beside it" : "amqps:// instead of amqp://"),
        offset: firstOfTLS.offset)
    }
  }

  private static func key(_ name: ArraySlice<UInt8>) throws(BrokerURLError) -> QueryKey {
    let text = String(decoding: name, as: UTF8.self)
    if let key = queryKeys.first(where: { $0.names.contains(text) }) { return key }
    throw BrokerURLError(
      reason: "unknown key `\(text)`: leave it out; known are \(queryKeys.flatMap(\.names).joined(separator: ", "))",
      offset: name.startIndex)
  }

  private static let queryKeys: [QueryKey] = [
    // Before the others: whether TLS is on.
    QueryKey(names: ["ssl"]) { (url, value) throws(BrokerURLError) in
      let on = try value.boolean()
      if url.scheme == .amqps, !on { throw value.error("contradicts amqps://; write amqp:// instead") }
      url.tls = on
    },
    QueryKey(names: ["ssl_ca_file", "cacertfile"], needsTLS: true) { url, value in url.caFile = value.text },
    QueryKey(names: ["ssl_cert_file", "certfile"], needsTLS: true) { url, value in url.certificateFile = value.text },
    QueryKey(names: ["ssl_key_file", "keyfile"], needsTLS: true) { url, value in url.keyFile = value.text },
    QueryKey(names: ["verify"], needsTLS: true) { (url, value) throws(BrokerURLError) in
      url.verify = try value.oneOf([("verify_peer", true), ("verify_none", false)])
    },
    QueryKey(names: ["server_name_indication"], needsTLS: true) { url, value in url.serverName = value.text },
    QueryKey(names: ["auth_mechanism", "rabbit_login_method"]) { (url, value) throws(BrokerURLError) in
      // AMQPLAIN is PLAIN in another wrapping; RabbitMQ offers both.
      url.authentication = try value.oneOf([("plain", .plain), ("amqplain", .plain), ("external", .external)])
    },
    QueryKey(names: ["heartbeat", "heartbeat_timeout_threshold"]) { (url, value) throws(BrokerURLError) in
      let seconds = try value.number(1...65_535, "seconds; without heartbeats a dead broker would not be noticed")
      url.heartbeat = .seconds(seconds)
    },
    QueryKey(names: ["connection_timeout"]) { (url, value) throws(BrokerURLError) in
      url.connectTimeout = .milliseconds(try value.number(100...86_400_000, "milliseconds"))
    },
  ]
}

extension BrokerURL.Value {
  fileprivate func error(_ words: String) -> BrokerURLError {
    BrokerURLError(reason: "`\(key)` \(words)", offset: offset)
  }

  /// As oslo.utils reads booleans.
  fileprivate func boolean() throws(BrokerURLError) -> Bool {
    switch text.lowercased() {
    case "1", "true", "t", "yes", "y", "on": true
    case "0", "false", "f", "no", "n", "off": false
    default: throw error("is neither yes nor no: write 1 or 0")
    }
  }

  fileprivate func oneOf<Meaning>(_ choices: [(word: String, meaning: Meaning)]) throws(BrokerURLError) -> Meaning {
    let word = text.lowercased()
    guard let choice = choices.first(where: { $0.word == word }) else {
      throw error("is none of \(choices.map(\.word).joined(separator: ", "))")
    }
    return choice.meaning
  }

  fileprivate func number(_ range: ClosedRange<Int>, _ unit: String) throws(BrokerURLError) -> Int {
    guard text.utf8.allSatisfy(BrokerURL.isDigit), let number = Int(text), range.contains(number) else {
      throw error("is not a number from \(range.lowerBound) to \(range.upperBound): \(unit)")
    }
    return number
  }
}
