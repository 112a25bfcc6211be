// SPDX-License-Identifier: Apache-2.0

extension BrokerConnection {
  /// Connects and logs in to the first host of an address that lets us.
  ///
  /// Each host has the whole limit of the options. A refused log-in leads to the next host too: a user may be known to
  /// some members of a list only.
  static func open(
    toAnyHostOf address: BrokerAddress, options: ConnectionOptions
  ) throws(NoHostReached) -> BrokerConnection {
    var failures: [AMQPError] = []
    for host in address.hosts {
      do throws(AMQPError) {
        return try BrokerConnection(to: host, of: address, options: options)
      } catch {
        failures.append(error)
      }
    }
    throw NoHostReached(failures: failures)
  }
}

/// Why none of an address's hosts could be used, one failure for each.
package struct NoHostReached: Error, Sendable, Equatable, CustomStringConvertible {
  package var failures: [AMQPError]

  package var description: String {
    failures.isEmpty ? "no host of a broker is named" : failures.map(\.description).joined(separator: "; ")
  }
}
