// SPDX-License-Identifier: Apache-2.0

/// Where a command looks for the daemon's socket and journal.
package struct ClientLocations {
  private let locations: StateLocations

  package init(environment: [String: String]) {
    locations = StateLocations(environment: environment)
  }

  /// The socket of a daemon that serves everybody: what a user's own configuration does not name.
  package static let systemSocket = StateLocations.systemSocket

  /// The journal of a daemon that this user would run without a configuration.
  package var journal: String { locations.journal }

  /// The socket of a daemon that this user would run, where the configuration names none.
  package func socket(journal: String) -> String { locations.socket(journal: journal) }
}
