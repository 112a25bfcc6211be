// SPDX-License-Identifier: Apache-2.0

import Events
import Glibc
import Journal
import Synchronization
import WebAPI

/// Accepts events on a thread of its own as the daemon does: durable batches, checkpoints, and words in between.
final class Acceptance: Sendable {
  private let state = Mutex((count: 0, longest: Duration.zero, isEnough: false))
  private let done = DoneFlag()

  /// Events a second, and the longest a batch took to be durable.
  struct Rate {
    var perSecond: Double
    var longest: Duration
  }

  /// Runs for some time, while `meanwhile` does something else time and again.
  static func rate(
    _ journal: JournalOwner, for time: Duration, meanwhile: @escaping @Sendable () async throws -> Void
  ) async throws -> Rate {
    let acceptance = Acceptance()
    let start = ContinuousClock.now
    let thread = Thread { acceptance.work(journal, until: start + time) }
    thread.start()
    while !acceptance.done.isSet { try await meanwhile() }
    let (count, longest, _) = acceptance.state.withLock { $0 }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return Rate(perSecond: Double(count) / min(seconds, time / .seconds(1)), longest: longest)
  }

  private func work(_ journal: JournalOwner, until end: ContinuousClock.Instant) {
    defer { done.set() }
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
          nextWords = .now + .milliseconds(200)
          try journal.indexWords(for: .milliseconds(8))
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

/// Tells other threads that something is over.
private final class DoneFlag: Sendable {
  private let value = Mutex(false)
  var isSet: Bool { value.withLock { $0 } }
  func set() { value.withLock { $0 = true } }
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
