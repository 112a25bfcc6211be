// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The bytes that the bodies of all requests under way may hold together.
///
/// What one request may hold, times the connections, would be more than a daemon should take.
final class BodyBudget: Sendable {
  static let limit = 64 << 20

  private let used = Mutex(0)

  /// Takes room for a body.
  ///
  /// - Throws: `Problem` when there is none at present.
  func take(_ bytes: Int) throws(Problem) {
    let isTaken = used.withLock { used in
      guard used + bytes <= Self.limit else { return false }
      used += bytes
      return true
    }
    guard !isTaken else { return }
    var problem = Problem(.busy, "requests with \(Self.limit) bytes are under way; try again when they are done")
    problem.retryAfter = 1
    throw problem
  }

  func giveBack(_ bytes: Int) { used.withLock { $0 -= bytes } }
}
