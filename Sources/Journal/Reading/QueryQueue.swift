// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The questions that wait for the reading thread, in the order in which they were asked.
final class QueryQueue: @unchecked Sendable {
  // The semaphore is made for use from several threads, its storage never moves; all else is behind the mutex.
  typealias Question = @Sendable (ReadingSession) -> Void

  private struct State {
    var questions: [Question] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let semaphore: UnsafeMutablePointer<sem_t>
  let capacity: Int

  init(capacity: Int) {
    self.capacity = capacity
    semaphore = .allocate(capacity: 1)
    sem_init(semaphore, 0, 0)
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  /// Hands a question to the thread; false when it will never be asked, because too many wait.
  func put(_ question: @escaping Question) -> Bool {
    let isTaken = state.withLock { state in
      guard !state.isClosed, state.questions.count < capacity else { return false }
      state.questions.append(question)
      return true
    }
    if isTaken { sem_post(semaphore) }
    return isTaken
  }

  /// Lets the thread end once it has answered what waits.
  func close() {
    state.withLock { $0.isClosed = true }
    sem_post(semaphore)
  }

  /// Waits for the next question; nil when there will be none.
  func take() -> Question? {
    while true {
      while sem_wait(semaphore) != 0 && errno == EINTR {}
      let (question, isClosed) = state.withLock { state in
        (state.questions.isEmpty ? nil : state.questions.removeFirst(), state.isClosed)
      }
      if let question { return question }
      if isClosed { return nil }
    }
  }
}
