// SPDX-License-Identifier: Apache-2.0

import Events
import Glibc
import Journal
import Synchronization
import WebAPI

/// Accepts events on a thread of its own as the daemon does: durable batches, checkpoints, and words in between.
final class Acceptance: Sendable {
  private let state = Mutex((count: 0, longest: Duration.zero, isOver: false))
  private let time: Duration

  /// Begins, and goes on for some time.
  init(_ journal: JournalOwner, for time: Duration) {
    self.time = time
    let end = ContinuousClock.now + time
    Thread { [self] in work(journal, until: end) }.start()
  }

  var isOver: Bool { state.withLock { $0.isOver } }
  /// Events a second.
  var rate: Double { Double(state.withLock { $0.count }) / (time / .seconds(1)) }
  /// The longest that a batch took to be durable.
  var longest: Duration { state.withLock { $0.longest } }

  private func work(_ journal: JournalOwner, until end: ContinuousClock.Instant) {
    defer { state.withLock { $0.isOver = true } }
    var nextCheckpoint = ContinuousClock.now
    var nextWords = ContinuousClock.now
    while ContinuousClock.now < end {
      let began = ContinuousClock.now
      do {
        try journal.accept(100)
        let took = ContinuousClock.now - began
        state.withLock { state in
          state.count += 100
          state.longest = max(state.longest, took)
        }
        if ContinuousClock.now >= nextWords {
          nextWords = .now + .milliseconds(50)
          try journal.indexWords(for: .milliseconds(2))
        }
        if ContinuousClock.now >= nextCheckpoint {
          nextCheckpoint = .now + .seconds(1)
          try journal.writer().checkpoint()
        }
      } catch {
        print("acceptance failed: \(error)")
        return
      }
    }
  }
}

/// The journal of the trial, and the events that go into it; one thread at a time has it.
final class JournalOwner: @unchecked Sendable {
  // Handed from the thread that fills it to the one that accepts.
  private let owned: OwnedJournal
  private var events = LoadEvents()

  init(path: String) throws { owned = try OwnedJournal(path: path) }

  func writer() throws -> JournalWriter {
    guard let writer = owned.writer else { throw SQLiteError.notOpen }
    return writer
  }

  func accept(_ count: Int, isDurable: Bool = true) throws {
    let writer = try writer()
    try writer.transaction(isDurable: isDurable) { () throws(SQLiteError) in
      for _ in 0..<count { _ = try writer.accept(events.next()) }
    }
  }

  /// Whether there was anything to enter.
  @discardableResult
  func indexWords(for time: Duration) throws -> Bool {
    let writer = try writer()
    let end = ContinuousClock.now + time
    return try writer.transaction(isDurable: false) { () throws(SQLiteError) in
      try writer.indexWords(EventBodies { _ in EventMapping() }, limit: 256) { ContinuousClock.now >= end } > 0
    }
  }
}

/// A thread that ends by itself.
private struct Thread {
  let body: @Sendable () -> Void

  func start() {
    let box = Unmanaged.passRetained(Box(body))
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { pointer in
        if let pointer { Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().body() }
        return nil
      }, box.toOpaque())
    pthread_detach(thread)
  }

  private final class Box {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}
