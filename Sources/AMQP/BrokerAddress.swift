// SPDX-License-Identifier: Apache-2.0

/// Where a broker is and how to log in.
package struct BrokerAddress: Sendable, Equatable {
  package struct Host: Sendable, Equatable {
    package var name: String
    /// 1 to 65535.
    package var port: UInt16
    package init(name: String, port: UInt16) {
      self.name = name
      self.port = port
    }
  }
  package enum Authentication: String, Sendable, CaseIterable { case plain, external }

  /// Tried in turn; never empty.
  package var hosts: [Host] = [Host(name: "localhost", port: 5672)]
  package var virtualHost = "/"
  package var user = "guest"
  package var password: Password = .text("guest")
  package var authentication = Authentication.plain
  /// Nil = no TLS.
  package var tls: TLS?

  package enum Password: Sendable, Equatable {
    case text(String)
    /// The first line of this file, read at each connect.
    case file(String)
  }

  /// TLS 1.2 or newer.
  package struct TLS: Sendable, Equatable {
    package var caFile = "/etc/ssl/certs/ca-certificates.crt"
    package var certificateFile: String?
    package var keyFile: String?
    /// Whether chain and name are verified.
    package var verify = true
    /// The name to verify; nil = the host's.
    package var serverName: String?
    package init() {}
  }

  package init() {}
}
