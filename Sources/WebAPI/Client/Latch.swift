// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Does asynchronous work and waits for it: for a thread that no task waits for, such as that of a command.
package func waiting<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) -> Value? {
  let result = LatchedValue<Value>()
  Task.detached { result.set(await work()) }
  return result.wait()
}

/// A value that one thread waits for.
private final class LatchedValue<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)
  private let latch = Latch()

  func set(_ new: Value) {
    value.withLock { $0 = new }
    latch.open()
  }

  func wait() -> Value? {
    latch.wait()
    return value.withLock { $0 }
  }
}

/// Owns a semaphore of the C library.
private final class Latch: @unchecked Sendable {
  // Unchecked, since sem_t is made for several threads, which the compiler cannot know.
  private let semaphore: UnsafeMutablePointer<sem_t>

  init() {
    semaphore = .allocate(capacity: 1)
    sem_init(semaphore, 0, 0)
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func open() { sem_post(semaphore) }

  func wait() { while sem_wait(semaphore) != 0 && errno == EINTR {} }
}
