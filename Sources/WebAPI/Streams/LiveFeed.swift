// SPDX-License-Identifier: Apache-2.0

import Journal
import NIOCore
import Synchronization

/// Keeps the newest messages of one stream in memory, and wakes its clients when there are new ones.
///
/// Reads the journal once for all of them, after each commit but no more often than its pace. While nobody listens it
/// reads nothing and keeps nothing. It never waits for a client: each is somewhere (`StreamCursor`) and takes what is
/// new to it at its own speed.
final class LiveFeed: Sendable {
  /// When things happen; tests have other times.
  struct Timing: Sendable {
    /// From one wake-up of the clients to the next at least: what happens meanwhile is one write for each.
    var pace = Duration.milliseconds(50)
    var heartbeat = Duration.seconds(15)
    /// After a journal that could not be read.
    var retry = Duration.seconds(1)
    var bound = StreamRing.Bound()
  }

  private struct State {
    /// Nil while nobody listens, and until the journal was read.
    var ring: StreamRing?
    var listeners = 0
    /// Clients that were told that they are behind, since the start.
    var behind = 0
    var moment = Moment()
    var waiting: [CheckedContinuation<Void, Never>] = []
    var isStarted = false
    var loop: (any EventLoop)?
    var isClosed = false
  }

  /// What a client compares to know whether something happened since it looked.
  struct Moment: Sendable, Equatable {
    var changes: UInt64 = 0
    var heartbeats: UInt64 = 0
  }

  /// Rows of one question to the journal.
  private static let pageSize = 250
  /// How many clients may read the journal at once: so many pages a new message waits for at most.
  private static let readersAtOnce = 4

  let source: StreamSource
  private let bell: CommitBell
  private let timing: Timing
  private let state = Mutex(State())
  private let turnstile = Turnstile(readersAtOnce)
  private let signals: AsyncStream<Void>
  private let signal: AsyncStream<Void>.Continuation

  init(_ source: StreamSource, bell: CommitBell, timing: Timing = Timing()) {
    self.source = source
    self.bell = bell
    self.timing = timing
    // One that waits stands for all that came meanwhile.
    (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    bell.connect { [signal] in signal.yield() }
  }

  // MARK: Clients

  /// Counts somebody in who wants to be told.
  func join() {
    let (isFirst, isNew) = state.withLock { state in
      state.listeners += 1
      defer { state.isStarted = true }
      return (state.listeners == 1, !state.isStarted && !state.isClosed)
    }
    if isFirst { bell.listen() }
    if isNew { start() }
    signal.yield()
  }

  func leave() {
    let wasLast = state.withLock { state in
      state.listeners -= 1
      if state.listeners == 0 { state.ring = nil }
      return state.listeners == 0
    }
    if wasLast { bell.stopListening() }
  }

  /// Counts a client that is told that it is too slow.
  func countBehind() { state.withLock { $0.behind += 1 } }

  var standing: (clients: Int, behind: Int) { state.withLock { ($0.listeners, $0.behind) } }

  enum Look {
    /// What the client needs next, and when this was.
    case need(StreamCursor.Need, Moment)
    /// Nothing was read yet.
    case notYet(Moment)
    case closed
  }

  func look(from cursor: inout StreamCursor) -> Look {
    state.withLock { state in
      guard !state.isClosed else { return .closed }
      // Not the ring itself: a copy that is held would make the next change of it copy all of its pages.
      return state.ring.map { .need(cursor.need(from: $0), state.moment) } ?? .notYet(state.moment)
    }
  }

  /// Says something of what is in memory, as soon as there is something; nil once the feed is closed.
  func withRing<Value: Sendable>(_ read: @Sendable (StreamRing) -> Value) async -> Value? {
    while true {
      let (value, moment, isClosed) = state.withLock { state in
        (state.ring.map(read), state.moment, state.isClosed)
      }
      if isClosed { return nil }
      if let value { return value }
      await wait(since: moment)
    }
  }

  /// Waits until something has happened since a moment.
  func wait(since moment: Moment) async {
    await withCheckedContinuation { continuation in
      let mustWait = state.withLock { state in
        guard state.moment == moment, !state.isClosed else { return false }
        state.waiting.append(continuation)
        return true
      }
      if !mustWait { continuation.resume() }
    }
  }

  /// A page of the journal behind an id, and whether it is the last; nil where it cannot be read at present.
  func page(after id: Int64) async -> (page: StreamPage, isLast: Bool)? {
    await turnstile.pass {
      do throws(JournalError) {
        let page = try await source.page(after: id, limit: Self.pageSize)
        return (page, page.count < Self.pageSize)
      } catch {
        return nil
      }
    }
  }

  /// Ends every stream: each client is told at once that nothing more comes.
  func close() {
    wake { $0.isClosed = true }
    signal.finish()
  }

  /// Names the loop that writes to the clients.
  func use(_ loop: any EventLoop) { state.withLock { $0.loop = loop } }

  // MARK: News

  private func start() {
    Task.detached { [self] in
      for await _ in signals {
        let isWell = await readNews()
        await writesArePast()
        try? await Task.sleep(for: isWell ? timing.pace : timing.retry)
        if !isWell { signal.yield() }
      }
    }
    Task.detached { [weak self, timing] in
      while true {
        try? await Task.sleep(for: timing.heartbeat)
        guard let self, !self.state.withLock({ $0.isClosed }) else { return }
        wake { $0.moment.heartbeats += 1 }
        // In case that something was committed of which nobody told.
        signal.yield()
      }
    }
  }

  /// Waits until the loop that writes for all clients has done what it was given.
  ///
  /// Writing itself does not wait for the loop. On a machine that is too slow for so many clients each wake-up would
  /// leave more behind than the one before; like this they come less often, and each brings more.
  private func writesArePast() async {
    guard let loop = state.withLock({ $0.loop }) else { return }
    // A loop that has ended refuses: then nothing is left to wait for.
    try? await loop.submit {}.get()
  }

  private func wake(_ change: (inout State) -> Void) {
    let waiting = state.withLock { state in
      change(&state)
      defer { state.waiting = [] }
      return state.waiting
    }
    for waiting in waiting { waiting.resume() }
  }

  /// - Returns: Whether the journal could be read.
  private func readNews() async -> Bool {
    let (isWanted, head) = state.withLock { ($0.listeners > 0 && !$0.isClosed, $0.ring?.head) }
    guard isWanted else { return true }
    do throws(JournalError) {
      if let head { try await readOn(from: head) } else { try await readFirst() }
      return true
    } catch {
      return false
    }
  }

  /// Fills the memory with the newest there is, so that whoever comes again after a restart needs no more.
  private func readFirst() async throws(JournalError) {
    let newest = try await source.reach().newest
    var ring = StreamRing(floor: max(0, newest - Int64(timing.bound.entries)), timing.bound)
    while true {
      let page = try await source.page(after: ring.head, limit: Self.pageSize)
      ring.append(page)
      if page.count < Self.pageSize { break }
    }
    ring.reach(newest)
    wake { state in
      // Whoever wanted it may have left.
      guard state.listeners > 0, state.ring == nil else { return }
      state.ring = ring
      state.moment.changes += 1
    }
  }

  private func readOn(from head: Int64) async throws(JournalError) {
    var head = head
    while true {
      let page = try await source.page(after: head, limit: Self.pageSize)
      guard let last = page.lastID else { return }
      wake { state in
        // A ring that was dropped and read anew meanwhile has it already.
        guard state.ring?.head == head else { return }
        state.ring?.append(page)
        state.moment.changes += 1
      }
      head = last
      if page.count < Self.pageSize { return }
    }
  }
}
