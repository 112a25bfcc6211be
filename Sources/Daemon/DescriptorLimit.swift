// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Settings
import WebAPI

/// The limit on open descriptors (RLIMIT_NOFILE), which running scripts and clients use up.
enum DescriptorLimit {
  /// A running script takes a pidfd and both ends of two pipes here.
  private static let perScript: rlim_t = 5
  /// For the daemon itself: broker, journal, log, epoll, what a start opens for a moment.
  private static let own: rlim_t = 64

  /// Raises the soft limit as far as the scripts and clients that there may be at once need it.
  ///
  /// Not further: scripts inherit it, and some programs look at every number below it.
  static func raise(for configuration: Configuration, _ logger: Logger) {
    let addresses = (configuration.api.socket == nil ? 0 : 1) + configuration.api.listen.count
    let clients = rlim_t(addresses) * rlim_t(WebServer.mostConnections)
    let needed = own + clients + perScript * rlim_t(configuration.scripts.maxConcurrent)
    // RLIMIT_NOFILE, whose type differs between C and Swift.
    let resource = __rlimit_resource_t(7)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < needed else { return }
    limit.rlim_cur = min(needed, limit.rlim_max)
    guard setrlimit(resource, &limit) != 0 || limit.rlim_cur < needed else { return }
    logger.warning(
      "the limit on open files is too low: starts may wait for each other, and clients for the socket",
      metadata: ["limit": "\(limit.rlim_max)", "needed": "\(needed)"])
  }
}
