// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import WebAPI

/// Leads those who ask for a reload to the main thread, which does it as for a SIGHUP, one after the other.
final class ReloadRequests: Sendable {
  typealias Answer = Result<ReloadReport, ControlError>

  private struct State {
    var waiting: [CheckedContinuation<Answer, Never>] = []
    var isClosed = false
  }

  private let state = Mutex(State())

  /// Waits for a reload that begins after this call.
  func ask() async -> Answer {
    await withCheckedContinuation { continuation in
      let isClosed = state.withLock { state in
        if !state.isClosed { state.waiting.append(continuation) }
        return state.isClosed
      }
      if isClosed { return continuation.resume(returning: Self.stopping) }
      // The main thread waits for nothing else.
      kill(getpid(), SIGHUP)
    }
  }

  /// Everybody who waits now.
  func take() -> [CheckedContinuation<Answer, Never>] {
    state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting
    }
  }

  /// Nothing is reloaded any more.
  func close() {
    state.withLock { $0.isClosed = true }
    for waiting in take() { waiting.resume(returning: Self.stopping) }
  }

  private static let stopping = Answer.failure(.unavailable("the daemon is stopping"))
}
