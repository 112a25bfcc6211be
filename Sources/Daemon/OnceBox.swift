// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Holds a part that is made after another part that must know it: set once, before anything runs.
final class OnceBox<Part: Sendable>: Sendable {
  private let part = Mutex<Part?>(nil)

  func set(_ part: Part) { self.part.withLock { $0 = part } }

  var value: Part? { part.withLock { $0 } }
}
