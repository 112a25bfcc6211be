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

  /// Brings something.
  ///
  /// - Parameters:
  ///   - input: What is brought.
  ///   - isUrgent: Whether the thread is woken for it; otherwise it is taken with the next thing that is urgent, or
  ///     when the thread looks again by itself.
  func add(_ input: Input, isUrgent: Bool = true) {
    pthread_mutex_lock(mutex)
    inputs.append(input)
    let wakes = isUrgent && isWaiting && !self.isUrgent
    if isUrgent { self.isUrgent = true }
    pthread_mutex_unlock(mutex)
    if wakes { pthread_cond_signal(condition) }
  }

  /// Takes all there is, after waiting for something urgent, but not longer than the limit.
  func take(waiting limit: Duration) -> [Input] {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    if !isUrgent {
      let end = clinux_monotonic_time() + limit.nanoseconds
      isWaiting = true
      while !isUrgent {
        guard clinux_condition_wait(condition, mutex, end - clinux_monotonic_time()) != ETIMEDOUT else { break }
      }
      isWaiting = false
    }
    isUrgent = false
    let taken = inputs
    inputs = []
    return taken
  }
}
