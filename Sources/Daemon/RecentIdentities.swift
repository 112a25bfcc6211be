// SPDX-License-Identifier: Apache-2.0

import DequeModule
import Events

/// Remembers the events that ended last, so that a redelivery of one of them is settled and not run again.
struct RecentIdentities {
  private let limit: Int
  private var numbers: [EventIdentity: UInt64] = [:]
  private var order: Deque<EventIdentity> = []

  /// - Parameter limit: How many identities are kept; the oldest goes first.
  init(limit: Int) {
    self.limit = limit
  }

  /// The number of the event that had this identity.
  subscript(identity: EventIdentity) -> UInt64? { numbers[identity] }

  mutating func insert(_ identity: EventIdentity, number: UInt64) {
    guard numbers.updateValue(number, forKey: identity) == nil else { return }
    order.append(identity)
    if order.count > limit, let oldest = order.popFirst() {
      numbers[oldest] = nil
    }
  }
}
