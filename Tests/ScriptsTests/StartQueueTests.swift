// SPDX-License-Identifier: Apache-2.0

import Events
import Synchronization
import Testing

@testable import Scripts

@Suite struct StartQueueTests {
  /// What threads that take from a queue have got, each in the order in which it got it.
  private final class Takers: Sendable {
    let queue = StartQueue()
    private let taken = Mutex<[[AttemptID]]>([])
    private let threads: Mutex<[WorkerThread]> = Mutex([])

    init(_ count: Int) throws {
      for number in 1...count {
        let thread = try WorkerThread(name: "taker\(number)") { [self] in
          var own: [AttemptID] = []
          while let order = queue.next(idle: {}) { own.append(order.attempt) }
          taken.withLock { [own] in $0.append(own) }
        }
        threads.withLock { $0.append(thread) }
      }
    }

    /// Waits until all have come to the queue's end.
    func join() -> [[AttemptID]] {
      for thread in threads.withLock({ $0 }) { thread.join() }
      return taken.withLock { $0 }
    }
  }

  @Test("Each order goes to one thread, in the order in which they came")
  func once() throws {
    let takers = try Takers(4)
    let attempts = (1...20_000).map { AttemptID(UInt64($0)) }
    for attempt in attempts { #expect(takers.queue.add(Invocation("/bin/true"), as: attempt)) }
    takers.queue.close()
    let taken = takers.join()
    #expect(taken.count == 4)
    for own in taken { #expect(own.map(\.number) == own.map(\.number).sorted()) }
    #expect(taken.flatMap { $0.map(\.number) }.sorted() == attempts.map(\.number))
    #expect(!takers.queue.add(Invocation("/bin/true"), as: AttemptID(0)))
  }

  @Test("Every thread that waits hears of the end")
  func end() throws {
    let takers = try Takers(8)
    takers.queue.close()
    #expect(takers.join().flatMap { $0 }.isEmpty)
  }

  @Test("What an interruption takes out goes to no thread, and what comes later does")
  func interruption() throws {
    let queue = StartQueue()
    for number in 1...3 as ClosedRange<UInt64> { _ = queue.add(Invocation("/bin/true"), as: AttemptID(number)) }
    #expect(queue.next(idle: {})?.attempt == AttemptID(1))
    queue.interrupt { interruption, unstarted in
      #expect(interruption == 1)
      #expect(unstarted == [AttemptID(2), AttemptID(3)])
    }
    _ = queue.add(Invocation("/bin/true"), as: AttemptID(4))
    let order = queue.next(idle: {})
    #expect(order?.attempt == AttemptID(4))
    #expect(order?.interruptions == 1)
    queue.close()
    #expect(queue.next(idle: {}) == nil)
  }
}
