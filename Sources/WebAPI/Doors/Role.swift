// SPDX-License-Identifier: Apache-2.0

/// What somebody may do; each role includes those before it.
package enum Role: String, Sendable, CaseIterable, Comparable {
  /// Look at everything.
  case read
  /// Publish events, too.
  case publish
  /// Decide, too: retry, discard, replay, suspend, reload.
  case operate

  package static func < (first: Role, second: Role) -> Bool { first.rank < second.rank }

  private var rank: Int {
    switch self {
    case .read: 0
    case .publish: 1
    case .operate: 2
    }
  }
}
