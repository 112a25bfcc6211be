// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

/// Reads the messages of a stream from the journal, which is the truth behind what is kept in memory.
struct StreamSource: Sendable {
  let kind: StreamKind
  let journal: any JournalFollowing
  /// The groups that hold now.
  let groups: @Sendable () -> EventGroups

  /// The messages behind an id, at most so many.
  func page(after id: Int64, limit: Int) async throws(JournalError) -> StreamPage {
    switch kind {
    case .events: StreamPage(try await journal.news(after: id, limit: limit), groups())
    case .runs: StreamPage(try await journal.runs(changedAfter: id, limit: limit))
    }
  }

  func reach() async throws(JournalError) -> JournalExtent.Reach {
    let extent = try await journal.extent()
    return kind == .events ? extent.events : extent.changes
  }
}
