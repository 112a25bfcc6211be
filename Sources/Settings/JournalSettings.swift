// SPDX-License-Identifier: Apache-2.0

/// Where accepted events and their runs are recorded, and how much of them is kept: `[journal]`.
package struct JournalSettings: Sendable, Equatable {
  /// Which events get a row.
  package enum Record: String, Sendable, CaseIterable {
    /// Those that an action took, and those that could not be decoded.
    case matched
    case all
  }

  /// SQLite's `synchronous`.
  package enum Sync: String, Sendable, CaseIterable {
    /// What is acknowledged survives a power cut.
    case full
    /// It survives a crash of the daemon; a power cut may take the last seconds.
    case normal
  }

  /// Which of the daemon's own events are made.
  package enum OwnEvents: String, Sendable, CaseIterable {
    /// Those that actions name, and all others that do not tell of a success.
    case all
    /// Those that actions name.
    case named
  }

  /// The absolute path of the file.
  package var path = StateLocations.systemJournal
  /// How long ended runs and their events are kept.
  package var keep = Duration.seconds(30 * 86_400)
  /// Bytes beyond which the oldest ended runs go first.
  package var maxSize = 4 << 30
  /// Bytes that must stay free on the disk; below that nothing more is taken.
  package var minFree = 64 << 20
  package var record = Record.matched
  /// Runs that wait, beyond which sources are not read.
  package var maxPending = 100_000
  package var sync = Sync.full
  package var ownEvents = OwnEvents.all
  /// Whether the words of events are indexed, so that a search for text need not read their bodies.
  package var fullText = true

  package init() {}
}
