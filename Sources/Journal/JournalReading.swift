// SPDX-License-Identifier: Apache-2.0

/// Which events a list shows; what is nil or empty does not restrict.
package struct EventQuery: Sendable {
  /// Patterns of types: exact, `*` one word, `#` any number of words.
  package var type: String?
  /// `kind` nil = an object of any kind with that name.
  package var object: (kind: String?, name: String)?
  package var subject: String?
  package var source: String?
  package var result: EventResult?
  /// Events that have a run of this action, or in this state.
  package var action: String?
  package var state: RunState?
  /// Received at or after, and before: nanoseconds since 1970.
  package var since: Int64?
  package var until: Int64?
  /// Only numbers below (newest first), or above (oldest first).
  package var before: Int64?
  package var after: Int64?
  /// 1 to 1 000.
  package var limit = 50

  package init() {}
}

/// Which runs a list shows; what is nil does not restrict.
package struct RunQuery: Sendable {
  package var event: Int64?
  package var action: String?
  package var states: [RunState] = []
  package var subject: String?
  package var type: String?
  package var since: Int64?
  package var until: Int64?
  package var before: Int64?
  /// Runs whose change number is above, by change number: for whoever follows.
  package var changedAfter: Int64?
  /// 1 to 1 000.
  package var limit = 50

  package init() {}
}

/// What can be asked of a journal, be it the daemon's or a snapshot.
package protocol JournalReading: Sendable {
  /// Newest first, oldest first where `after` is given.
  func events(_ query: EventQuery) async throws(JournalError) -> [StoredEvent]
  func event(_ number: Int64) async throws(JournalError) -> StoredEvent?
  func content(ofEvent number: Int64) async throws(JournalError) -> StoredContent?
  /// The numbers of events that have this id as the sender gave it.
  func eventNumbers(withID id: String) async throws(JournalError) -> [Int64]
  func runs(_ query: RunQuery) async throws(JournalError) -> [StoredRun]
  func run(_ number: Int64) async throws(JournalError) -> StoredRun?
  /// The runs whose id begins with these hexadecimal digits, at most two.
  func runs(withID prefix: String) async throws(JournalError) -> [StoredRun]
  func attempts(ofRun number: Int64) async throws(JournalError) -> [StoredAttempt]
  func types() async throws(JournalError) -> [StoredType]
  /// The highest event number and the highest change number.
  func latest() async throws(JournalError) -> (event: Int64, change: Int64)
}
