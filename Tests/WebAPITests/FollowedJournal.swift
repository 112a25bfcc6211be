// SPDX-License-Identifier: Apache-2.0

import Synchronization

@testable import Journal
@testable import WebAPI

/// A journal in memory that grows, forgets and fails as a test says, and tells the streams of it.
final class FollowedJournal: JournalFollowing {
  struct State {
    var events: [EventNews] = []
    var runs: [StoredRun] = []
    var newest: (event: Int64, change: Int64) = (0, 0)
    var forgotten: (event: Int64, change: Int64) = (0, 0)
    var failure: JournalError?
    var questions = 0
  }

  let state = Mutex(State())
  let bell = CommitBell()

  private func asked() throws(JournalError) -> State {
    let state = state.withLock { state in
      state.questions += 1
      return state
    }
    if let failure = state.failure { throw failure }
    return state
  }

  var questions: Int { state.withLock { $0.questions } }

  func news(after event: Int64, limit: Int) async throws(JournalError) -> [EventNews] {
    Array(try asked().events.filter { $0.event.number > event }.prefix(limit))
  }

  func runs(changedAfter change: Int64, limit: Int) async throws(JournalError) -> [StoredRun] {
    Array(try asked().runs.filter { $0.change > change }.sorted { $0.change < $1.change }.prefix(limit))
  }

  func extent() async throws(JournalError) -> JournalExtent {
    let state = try asked()
    return JournalExtent(
      events: .init(
        newest: state.newest.event, forgotten: state.forgotten.event, oldest: state.events.first?.event.number),
      changes: .init(
        newest: state.newest.change, forgotten: state.forgotten.change, oldest: state.runs.map(\.change).min()))
  }

  /// Stores events, one after the other, and rings.
  func add(_ count: Int = 1, rings: Bool = true, _ change: (inout EventNews) -> Void = { _ in }) {
    state.withLock { state in
      for _ in 0..<count {
        state.newest.event += 1
        var news = EventNews(RecordedJournal.event(state.newest.event), actions: [])
        change(&news)
        state.events.append(news)
      }
    }
    if rings { bell.ring() }
  }

  /// Gives a run a state, by a new change, and rings.
  func change(run number: Int64, to runState: RunState, _ change: (inout StoredRun) -> Void = { _ in }) {
    state.withLock { state in
      state.newest.change += 1
      var run = RecordedJournal.run(number)
      run.state = runState
      run.change = state.newest.change
      change(&run)
      state.runs.removeAll { $0.number == number }
      state.runs.append(run)
    }
    bell.ring()
  }

  /// Deletes the oldest events.
  func forget(upTo event: Int64) {
    state.withLock { state in
      state.events.removeAll { $0.event.number <= event }
      state.forgotten.event = max(state.forgotten.event, event)
    }
  }
}
