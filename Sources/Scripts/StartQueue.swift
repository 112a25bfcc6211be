// SPDX-License-Identifier: Apache-2.0

import Events
import Synchronization

/// An attempt that waits for its start.
struct StartOrder: Sendable {
  var attempt: AttemptID
  var invocation: Invocation
  /// How many interruptions had been ordered when it came: a later one concerns it.
  var interruptions: UInt64
}

/// The way into the spawner's thread: attempts in the order in which they are to be started.
///
/// Bounded by its user, who starts no more attempts than may run at a time.
final class StartQueue: Sendable {
  private struct State {
    var waiting: [StartOrder] = []
    /// Where the first one that waits is: taking it moves nothing.
    var first = 0
    var interruptions: UInt64 = 0
    var isClosed = false
    /// Whether the spawner sleeps or is about to.
    var isAwaited = false
  }

  private let state = Mutex(State())
  private let doorbell: Doorbell

  init() throws(ErrorNumber) {
    doorbell = try Doorbell(waiting: true)
  }

  /// Returns false, and takes nothing, once the queue is closed.
  func add(_ invocation: Invocation, as attempt: AttemptID) -> Bool {
    let (isTaken, isAwaited) = state.withLock { state in
      guard !state.isClosed else { return (false, false) }
      state.waiting.append(
        StartOrder(attempt: attempt, invocation: invocation, interruptions: state.interruptions))
      defer { state.isAwaited = false }
      return (true, state.isAwaited)
    }
    if isAwaited { doorbell.ring() }
    return isTaken
  }

  /// Waits for the next order; returns nil when the queue is closed and empty.
  ///
  /// `idle` is called before each wait, none of which is longer than `LifeSign.interval`.
  func next(idle: () -> Void) -> StartOrder? {
    while true {
      let (order, isOver) = state.withLock { state in
        let order = Self.take(&state)
        state.isAwaited = order == nil && !state.isClosed
        return (order, order == nil && state.isClosed)
      }
      if let order { return order }
      if isOver { return nil }
      repeat { idle() } while !doorbell.wait(atMost: LifeSign.interval)
      doorbell.answer()
    }
  }

  /// Takes out all that waits, and hands it on with the number of this interruption.
  ///
  /// - Parameter forward: Called under the queue's lock, so that the queue's end cannot overtake it.
  func interrupt(_ forward: (_ interruption: UInt64, _ unstarted: [AttemptID]) -> Void) {
    state.withLock { state in
      state.interruptions += 1
      let unstarted = state.waiting[state.first...].map(\.attempt)
      state.waiting = []
      state.first = 0
      forward(state.interruptions, unstarted)
    }
  }

  /// Takes no more orders; those that wait are still handed out.
  func close() {
    state.withLock { $0.isClosed = true }
    doorbell.ring()
  }

  private static func take(_ state: inout State) -> StartOrder? {
    guard state.first < state.waiting.count else { return nil }
    let order = state.waiting[state.first]
    state.first += 1
    if state.first == state.waiting.count {
      state.waiting.removeAll(keepingCapacity: state.first <= 64)
      state.first = 0
    } else if state.first >= 64, state.first > state.waiting.count / 2 {
      state.waiting.removeFirst(state.first)
      state.first = 0
    }
    return order
  }
}
