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

/// The way to the threads that start scripts: attempts in the order in which they are to be started.
///
/// Bounded by its user, who starts no more attempts than may run at a time.
final class StartQueue: Sendable {
  private struct State {
    var waiting: [StartOrder] = []
    /// Where the first one that waits is: taking it moves nothing.
    var first = 0
    var interruptions: UInt64 = 0
    var isClosed = false
  }

  private let state = Mutex(State())
  /// At least as many as there are orders, each for one thread; one more, passed from thread to thread, at the end.
  private let counts = Semaphore()

  /// Returns false, and takes nothing, once the queue is closed.
  func add(_ invocation: Invocation, as attempt: AttemptID) -> Bool {
    let isTaken = state.withLock { state in
      guard !state.isClosed else { return false }
      state.waiting.append(
        StartOrder(attempt: attempt, invocation: invocation, interruptions: state.interruptions))
      return true
    }
    if isTaken { counts.post() }
    return isTaken
  }

  /// Waits for the next order, and takes it from the other threads; returns nil when the queue is closed and empty.
  ///
  /// `idle` is called before each wait, none of which is longer than `LifeSign.interval`.
  func next(idle: () -> Void) -> StartOrder? {
    while true {
      repeat { idle() } while !counts.wait(atMost: LifeSign.interval)
      let (order, isOver) = state.withLock { state in
        let order = Self.take(&state)
        return (order, order == nil && state.isClosed)
      }
      if let order { return order }
      if isOver {
        counts.post()
        return nil
      }
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
    counts.post()
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
