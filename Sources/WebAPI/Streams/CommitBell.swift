// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells those who follow the journal that something was committed.
///
/// Whoever commits rings after each transaction: that costs one look at a number while nobody listens, and never waits.
package final class CommitBell: Sendable {
  private let listening = Atomic(0)
  private let listeners = Mutex<[@Sendable () -> Void]>([])

  package init() {}

  /// Adds somebody who is told while he listens; what he does must take no time.
  func connect(_ listener: @escaping @Sendable () -> Void) { listeners.withLock { $0.append(listener) } }

  /// Has the bell heard from now on: what was committed before has to be looked for.
  func listen() { listening.add(1, ordering: .sequentiallyConsistent) }

  func stopListening() { listening.subtract(1, ordering: .sequentiallyConsistent) }

  package func ring() {
    guard listening.load(ordering: .sequentiallyConsistent) > 0 else { return }
    for listener in listeners.withLock({ $0 }) { listener() }
  }
}
