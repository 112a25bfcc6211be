// SPDX-License-Identifier: Apache-2.0

package import Events
package import Journal

/// What a person may ask an action to be.
package enum RequestedStatus: String, Sendable, CaseIterable {
  case enabled, suspended, observe
  /// What its file says.
  case `default`
}

/// What counts for an action, and what its file says.
package struct ActionStanding: Sendable, Equatable {
  /// Nil = all of them together.
  package var action: String?
  /// enabled, observe, disabled, suspended.
  package var status: String
  /// `enabled` of the file; nil for all.
  package var configured: String?
  /// Since when a person's word counts: nanoseconds since 1970; nil = the file's does.
  package var since: Int64?

  package init(action: String?, status: String, configured: String?, since: Int64?) {
    self.action = action
    self.status = status
    self.configured = configured
    self.since = since
  }
}

/// What there is to say of one action.
package struct ActionFacts: Sendable {
  package var standing: ActionStanding
  package var name: String
  /// `file:line`.
  package var place: String
  /// The keys that say which events it takes, as they were written: `events`, `source`, `tags`, `filter_params`.
  package var written: [(key: String, value: String)] = []
  /// The script and its first words.
  package var command: [String] = []
  /// What becomes the arguments behind them, as it was written.
  package var parameters: [String] = []
  /// Of the events that came since the start: how many it took, and when the last: nanoseconds since 1970.
  package var matched = 0
  package var lastMatch: Int64?
  package var pending = 0
  package var running = 0
  package var waiting = 0
  /// Runs that ended since the start, by state.
  package var ended: [RunState: Int] = [:]
  /// What the journal holds of its runs; nil = it could not be asked in time.
  package var totals: ActionTotals?

  package init(_ standing: ActionStanding, name: String, place: String) {
    self.standing = standing
    self.name = name
    self.place = place
  }
}

/// What the events of a source are matched by.
package struct Matching: Sendable {
  package var table: ActionTable
  /// Types that the source drops.
  package var ignored: [EventPattern]

  package init(_ table: ActionTable, ignored: [EventPattern]) {
    self.table = table
    self.ignored = ignored
  }
}
