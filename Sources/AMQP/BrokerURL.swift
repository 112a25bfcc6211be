// SPDX-License-Identifier: Apache-2.0

/// What a broker's URL says, and nothing that it does not say: separate settings stand above it, defaults below.
///
/// Three schemes are understood, in any case of letters:
/// - `amqp://` and `amqps://`, as in the AMQP URI specification (<https://www.rabbitmq.com/docs/uri-spec>), and its query
///   parameters (<https://www.rabbitmq.com/docs/uri-query-parameters>) as far as they mean something to a client here;
/// - `rabbit://`, as oslo.messaging has it: `rabbit://user:password@host1:port1,host2:port2/vhost?ssl=1`.
///
/// Each of them may name several hosts, separated by commas, which are tried in turn.
///
/// User, password, host and virtual host are percent-decoded. A `/` alone is the virtual host `/` in every scheme. For
/// `amqp://` the specification reads it as a virtual host without a name, which RabbitMQ cannot have and answers with
/// error 530: whoever wrote it meant the default one. So is `//`, as Celery's users write it.
///
/// Its description hides the password.
package struct BrokerURL: Sendable, Equatable {
  package struct Host: Sendable, Equatable {
    package var name: String
    /// Nil = the default, 5672 or with TLS 5671.
    package var port: UInt16?
    package init(name: String, port: UInt16?) {
      self.name = name
      self.port = port
    }
  }

  package enum Scheme: String, Sendable, CaseIterable { case amqp, amqps, rabbit }

  package var scheme: Scheme
  /// Empty when the URL names none.
  package var hosts: [Host] = []
  package var user: String?
  package var password: String?
  package var virtualHost: String?
  /// True for `amqps://` and `ssl=1`, false for `ssl=0`.
  package var tls: Bool?
  package var caFile: String?
  package var certificateFile: String?
  package var keyFile: String?
  package var verify: Bool?
  package var serverName: String?
  package var authentication: BrokerAddress.Authentication?
  package var heartbeat: Duration?
  package var connectTimeout: Duration?

  init(scheme: Scheme) {
    self.scheme = scheme
  }

  /// The port of a host that names none, as IANA registered it.
  package static func defaultPort(tls: Bool) -> UInt16 { tls ? 5671 : 5672 }

  /// Puts what the URL says into an address and leaves the rest of it.
  ///
  /// `heartbeat` and `connectTimeout` have no place there: they are the connection's.
  package func apply(to address: inout BrokerAddress) {
    switch tls {
    case true: address.tls = address.tls ?? BrokerAddress.TLS()
    case false: address.tls = nil
    case nil: break
    }
    if let caFile { address.tls?.caFile = caFile }
    if let certificateFile { address.tls?.certificateFile = certificateFile }
    if let keyFile { address.tls?.keyFile = keyFile }
    if let verify { address.tls?.verify = verify }
    if let serverName { address.tls?.serverName = serverName }
    if !hosts.isEmpty {
      let port = Self.defaultPort(tls: address.tls != nil)
      address.hosts = hosts.map { BrokerAddress.Host(name: $0.name, port: $0.port ?? port) }
    }
    if let user { address.user = user }
    if let password { address.password = .text(password) }
    if let virtualHost { address.virtualHost = virtualHost }
    if let authentication { address.authentication = authentication }
  }
}

/// Why a text is not a broker's URL.
///
/// Never quotes what could be part of a password.
package struct BrokerURLError: Error, Equatable {
  /// What is wrong, and the cure.
  package var reason: String
  /// The offset in UTF-8 bytes of the fault within the text.
  package var offset: Int
}

extension BrokerURLError: CustomStringConvertible {
  package var description: String { "offset \(offset): \(reason)" }
}

// MARK: - Without the password

extension BrokerURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The URL for logs: password hidden, defaults as they are, the query left out.
  package var description: String {
    var text = scheme.rawValue + "://"
    if let user { text += user + (password == nil ? "@" : ":***@") }
    text += hosts.map(\.description).joined(separator: ",")
    if let virtualHost { text += virtualHost == "/" ? "/" : "/" + virtualHost }
    return text
  }

  package var debugDescription: String { description }

  package var customMirror: Mirror { Mirror(reflecting: description) }

  /// A text that should be a broker's URL, for messages: without anything that could be a user or a password.
  ///
  /// Made for texts that could not be read too, where nobody knows what is the password: all up to the last `@` is
  /// taken away.
  package static func redacted(_ text: String) -> String {
    guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return text }
    let scheme = Scheme.allCases.map { $0.rawValue + "://" }.filter { text.lowercased().hasPrefix($0) }.first ?? ""
    return scheme + "***" + text[at...]
  }
}

extension BrokerURL.Host: CustomStringConvertible {
  package var description: String {
    (name.contains(":") ? "[\(name)]" : name) + (port.map { ":\($0)" } ?? "")
  }
}
