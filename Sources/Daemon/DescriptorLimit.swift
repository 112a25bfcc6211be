// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging

/// The limit on open descriptors (RLIMIT_NOFILE), which running scripts use up.
enum DescriptorLimit {
  /// A running script takes a pidfd and both ends of two pipes here.
  private static let perScript: rlim_t = 5
  /// For the daemon itself: connections, log, epoll, what a start opens for a moment.
  private static let own: rlim_t = 64

  /// Raises the soft limit as far as the scripts that may run at once need it.
  ///
  /// Not further: scripts inherit it, and some programs look at every number below it.
  static func raise(for maxConcurrent: Int, _ logger: Logger) {
    let needed = own + perScript * rlim_t(maxConcurrent)
    // RLIMIT_NOFILE, whose type differs between C and Swift.
    let resource = __rlimit_resource_t(7)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < needed else { return }
    limit.rlim_cur = min(needed, limit.rlim_max)
    guard setrlimit(resource, &limit) != 0 || limit.rlim_cur < needed else { return }
    logger.warning(
      "the limit on open files is too low for max_concurrent: starts will wait for each other",
      metadata: ["limit": "\(limit.rlim_max)", "needed": "\(needed)"])
  }
}
