// SPDX-License-Identifier: Apache-2.0

/// An object that events name; `kind` nil = of any kind.
package struct ObjectName: Sendable, Equatable {
  package var kind: String?
  package var name: String

  package init(kind: String?, name: String) {
    self.kind = kind
    self.name = name
  }
}

/// Which numbers at the payload's `value` are wanted; all that is not nil has to hold.
package struct ValueRange: Sendable, Equatable {
  package var equal: Double?
  package var above: Double?
  package var least: Double?
  package var below: Double?
  package var most: Double?

  package init() {}
}

/// Which events are asked for; what is nil or empty does not restrict.
package struct EventQuery: Sendable {
  /// Patterns of types: exact, `*` one word, `#` any number of words.
  package var type: String?
  /// Says of a type that was seen whether its events are wanted.
  package var isWantedType: (@Sendable (String) -> Bool)?
  /// All of them.
  package var objects: [ObjectName] = []
  package var subject: String?
  package var source: String?
  /// All of them.
  package var tags: [String] = []
  package var value: ValueRange?
  package var text: WordSearch?
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

/// Which runs a list shows; what is nil or empty does not restrict.
package struct RunQuery: Sendable {
  package var event: Int64?
  package var action: String?
  package var states: [RunState] = []
  package var subject: String?
  package var objects: [ObjectName] = []
  package var type: String?
  package var since: Int64?
  package var until: Int64?
  /// Only numbers below (newest first), or above (oldest first).
  package var before: Int64?
  package var after: Int64?
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
  /// How many there are on all pages, as far as that is soon counted.
  func count(_ query: EventQuery) async throws(JournalError) -> BoundedCount
  func aggregate(_ query: AggregateQuery) async throws(JournalError) -> Aggregation
  func event(_ number: Int64) async throws(JournalError) -> StoredEvent?
  func content(ofEvent number: Int64) async throws(JournalError) -> StoredContent?
  /// The numbers of events that have this id as the sender gave it.
  func eventNumbers(withID id: String) async throws(JournalError) -> [Int64]
  func runs(_ query: RunQuery) async throws(JournalError) -> [StoredRun]
  /// How many there are on all pages, as far as that is soon counted.
  func count(_ query: RunQuery) async throws(JournalError) -> BoundedCount
  /// The runs of some events, by event and number, at most `limit`.
  func runs(ofEvents events: [Int64], limit: Int) async throws(JournalError) -> [StoredRun]
  func run(_ number: Int64) async throws(JournalError) -> StoredRun?
  /// The runs whose id begins with these hexadecimal digits, at most two.
  func runs(withID prefix: String) async throws(JournalError) -> [StoredRun]
  func attempts(ofRun number: Int64) async throws(JournalError) -> [StoredAttempt]
  /// The kinds of objects that events name.
  func objectKinds() async throws(JournalError) -> [String]
  func types() async throws(JournalError) -> [StoredType]
  /// The highest event number and the highest change number.
  func latest() async throws(JournalError) -> (event: Int64, change: Int64)
}
