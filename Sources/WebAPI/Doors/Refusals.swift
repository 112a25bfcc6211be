// SPDX-License-Identifier: Apache-2.0

package import Logging
import Synchronization

/// Counts what is refused at the doors, and tells it: each kind at most once a minute, never each request.
package final class Refusals: Sendable {
  /// What is refused; the metric's label and the log's word.
  package enum Kind: String, Sendable, CaseIterable {
    /// No token, no session.
    case unknown
    /// A token or session that is none, or none any more.
    case token
    /// A role that does not reach.
    case role
    /// The name by which the port was called is not ours: DNS rebinding.
    case host
    /// A request that another site's page sent.
    case origin
    /// Too many requests of one client.
    case rate
    /// A body or headers past their limits.
    case size
    /// What is no request of HTTP/1.1.
    case malformed
    /// A request, or the taking of an answer, that took too long.
    case slow

    var words: String {
      switch self {
      case .unknown: "requests without a token were refused"
      case .token: "requests with a wrong token or an ended session were refused"
      case .role: "requests were refused because the token's role does not reach"
      case .host: "requests were refused because they call the port by a name that is not listed in [api] hosts"
      case .origin: "requests were refused because a page of another site sent them"
      case .rate: "requests were refused because one client sends too many"
      case .size: "requests were refused because they are too large"
      case .malformed: "requests were refused because they are not HTTP"
      case .slow: "connections were closed because their clients are too slow"
      }
    }
  }

  private struct Tally {
    var total: [Kind: Int] = [:]
    var untold: [Kind: Int] = [:]
    /// Kinds that were told in this minute.
    var told: Set<Kind> = []
  }

  private let tally = Mutex(Tally())
  private let logger: Logger

  package init(logger: Logger) {
    self.logger = logger
  }

  /// How many there were of each kind since the start.
  package var totals: [Kind: Int] { tally.withLock(\.total) }

  /// Counts one, and tells it when it is the first of its kind for a while.
  func note(_ kind: Kind, _ client: String) {
    let isFirst = tally.withLock { tally in
      tally.total[kind, default: 0] += 1
      if tally.told.insert(kind).inserted { return true }
      tally.untold[kind, default: 0] += 1
      return false
    }
    if isFirst { tell(kind, 1, client) }
  }

  /// Tells what was counted since the last turn; called once a minute.
  func turn() {
    let untold = tally.withLock { tally in
      defer {
        tally.told = Set(tally.untold.keys)
        tally.untold = [:]
      }
      return tally.untold
    }
    for kind in Kind.allCases {
      if let count = untold[kind] { tell(kind, count, nil) }
    }
  }

  private func tell(_ kind: Kind, _ count: Int, _ client: String?) {
    var facts: Logger.Metadata = ["kind": "\(kind.rawValue)", "count": "\(count)"]
    if let client { facts["client"] = "\(client)" }
    logger.warning("\(kind.words)", metadata: facts)
  }
}
