// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The way in to the journal's thread: what others bring, in the order in which it came.
///
/// A condition variable instead of a descriptor: bringing something while the thread is at work costs no system call.
final class InputQueue<Input: Sendable>: @unchecked Sendable {
  // Everything below is touched under the mutex only; its storage and the condition's never move.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var inputs: [Input] = []
  private var isUrgent = false
  /// When what is to be taken soon has waited long enough: nanoseconds of CLOCK_MONOTONIC.
  private var soon = Int64.max
  private var isWaiting = false

  init() {
    mutex = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    condition = .allocate(capacity: 1)
    clinux_condition_init(condition)
  }

  deinit {
    pthread_cond_destroy(condition)
    condition.deallocate()
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// When something that was brought is to be taken.
  enum Urgency {
    /// The thread is woken for it.
    case now
    /// Within a millisecond, so that what comes in the meantime is taken with it.
    case soon
    /// With the next thing that is taken, or when the thread looks again by itself.
    case whenever
  }

  /// How long something waits at most for more: nanoseconds.
  private static var patience: Int64 { 1_000_000 }

  /// Brings something.
  func add(_ input: Input, _ urgency: Urgency = .now) {
    pthread_mutex_lock(mutex)
    inputs.append(input)
    let isNews: Bool
    switch urgency {
    case .now:
      isNews = !isUrgent
      isUrgent = true
    case .soon:
      isNews = soon == .max && !isUrgent
      soon = min(soon, clinux_monotonic_time() + Self.patience)
    case .whenever: isNews = false
    }
    let wakes = isNews && isWaiting
    pthread_mutex_unlock(mutex)
    if wakes { pthread_cond_signal(condition) }
  }

  /// Whether something is to be taken now.
  var hasNews: Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return isUrgent || soon <= clinux_monotonic_time()
  }

  /// Takes all there is, after waiting for something urgent, but not longer than the limit, nor than anything may wait.
  func take(waiting limit: Duration) -> [Input] {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    if !isUrgent {
      let end = clinux_monotonic_time() + limit.nanoseconds
      isWaiting = true
      while !isUrgent {
        let rest = min(end, soon) - clinux_monotonic_time()
        guard rest > 0, clinux_condition_wait(condition, mutex, rest) != ETIMEDOUT else { break }
      }
      isWaiting = false
    }
    isUrgent = false
    soon = .max
    let taken = inputs
    inputs = []
    return taken
  }
}
