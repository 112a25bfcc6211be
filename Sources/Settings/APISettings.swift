// SPDX-License-Identifier: Apache-2.0

/// How the commands, and whoever else may, reach the running daemon: `[api]`.
package struct APISettings: Sendable, Equatable {
  /// The absolute path of the Unix socket; nil = there is none.
  package var socket: String? = StateLocations.systemSocket
  /// The group that may use the socket, unresolved; nil = not configured.
  package var socketGroup: String?

  package init() {}
}
