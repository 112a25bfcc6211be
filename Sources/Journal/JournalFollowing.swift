// SPDX-License-Identifier: Apache-2.0

/// An event as it is told to those who follow the journal.
package struct EventNews: Sendable {
  package var event: StoredEvent
  /// The actions that it has runs of, each once.
  package var actions: [String]

  package init(_ event: StoredEvent, actions: [String]) {
    self.event = event
    self.actions = actions
  }
}

/// How far a journal reaches, in numbers of events and in change numbers of runs.
package struct JournalExtent: Sendable, Equatable {
  package struct Reach: Sendable, Equatable {
    /// The highest number that was ever given.
    package var newest: Int64
    /// The highest number of what was deleted: whoever saw only what is below has missed something.
    package var forgotten: Int64
    /// The lowest number that is kept; nil where nothing is.
    package var oldest: Int64?

    package init(newest: Int64, forgotten: Int64 = 0, oldest: Int64? = nil) {
      self.newest = newest
      self.forgotten = forgotten
      self.oldest = oldest
    }
  }

  package var events: Reach
  package var changes: Reach

  package init(events: Reach, changes: Reach) {
    self.events = events
    self.changes = changes
  }
}

/// What whoever follows a journal asks of it.
package protocol JournalFollowing: Sendable {
  /// Events above a number, oldest first.
  func news(after event: Int64, limit: Int) async throws(JournalError) -> [EventNews]
  /// Runs whose change number is above one, by change number, each in the state that it has now.
  func runs(changedAfter change: Int64, limit: Int) async throws(JournalError) -> [StoredRun]
  func extent() async throws(JournalError) -> JournalExtent
}
