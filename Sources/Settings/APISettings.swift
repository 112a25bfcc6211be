// SPDX-License-Identifier: Apache-2.0

package import Events

/// How the commands, and whoever else may, reach the running daemon: `[api]`.
package struct APISettings: Sendable, Equatable {
  /// Where TCP is listened: an address, or `localhost`, and a port.
  package struct Address: Sendable, Equatable {
    package var host: String
    package var port: Int
  }

  /// What a token's bearer may do; each role includes those before it.
  package enum Role: String, Sendable, CaseIterable { case read, publish, operate }

  /// One line of the token file.
  package struct Token: Sendable, Equatable {
    package var name: String
    package var role: Role
    /// Of the secret, which is not kept.
    package var digest: Digest
  }

  /// The absolute path of the Unix socket; nil = there is none.
  package var socket: String? = StateLocations.systemSocket
  /// The group that may use the socket, unresolved; nil = not configured.
  package var socketGroup: String?
  package var listen: [Address] = []
  package var tokens: [Token] = []
  /// The names, beside `localhost` and addresses, by which clients may call the ports; in lower case.
  package var hosts: [String] = []

  package init() {}
}
