// SPDX-License-Identifier: Apache-2.0

import Events
import Scripts
import Synchronization

/// Runs one invocation many times, with four at a time, each started where another one ends.
final class Relay: RunObserver {
  private struct State {
    var left = 0
    var running = 0
    var successes = 0
    var runner: ScriptRunner?
    var continuation: CheckedContinuation<Void, Never>?
    var attempts: UInt64 = 0
  }

  private let state = Mutex(State())
  private let invocation: Invocation

  init(_ invocation: Invocation) { self.invocation = invocation }

  var successes: Int { state.withLock { $0.successes } }

  func run(_ count: Int, on runner: ScriptRunner) async {
    await withCheckedContinuation { continuation in
      state.withLock {
        $0.left = count
        $0.runner = runner
        $0.continuation = continuation
      }
      for _ in 0..<4 { next() }
    }
  }

  func endures(_ attempt: AttemptID, pid: Int32) {}

  func started(_ attempt: AttemptID, pid: Int32) {}
  func printed(_ attempt: AttemptID, _ stream: OutputStream, _ line: UnsafeBufferPointer<UInt8>) {}

  func cannotEnd(_ attempt: AttemptID, _ reason: String) {}

  func ended(_ attempt: AttemptID, _ completion: Completion) {
    state.withLock {
      $0.running -= 1
      if completion.outcome == .exited(0) { $0.successes += 1 }
    }
    next()
  }

  private func next() {
    let (runner, attempt, continuation) = state.withLock { state in
      if state.left > 0 {
        state.left -= 1
        state.running += 1
        state.attempts += 1
        return (state.runner, AttemptID(state.attempts), nil as CheckedContinuation<Void, Never>?)
      }
      guard state.running == 0 else { return (nil, AttemptID(0), nil) }
      defer {
        state.continuation = nil
        state.runner = nil
      }
      return (nil, AttemptID(0), state.continuation)
    }
    runner?.start(invocation, as: attempt)
    continuation?.resume()
  }
}
