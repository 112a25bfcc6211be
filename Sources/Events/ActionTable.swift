// SPDX-License-Identifier: Apache-2.0

/// All actions of a configuration, indexed by event type.
package struct ActionTable: Sendable {
  /// In the order of the files.
  package let actions: [Action]

  package init(_ actions: [Action]) {
    self.actions = actions
  }

  /// Whether any enabled or observing action can take events of a source.
  package func listens(to source: String) -> Bool { fatalError("stub") }
}

/// Matches events against a table. Owned by one thread; keeps that thread's scratch memory.
package final class Matcher {
  package let table: ActionTable
  /// How many regex matches hit their limit since the start.
  package private(set) var regexLimitHits = 0

  /// - Parameter pause: Called between conditions, so that long matching can look at the socket.
  package init(_ table: ActionTable, pause: @escaping () -> Void = {}) {
    self.table = table
  }

  /// Appends the indexes of the actions that accept an event, in the order of the files.
  package func match(_ event: Event, into indexes: inout [Int]) { fatalError("stub") }

  /// What every action says of an event, each condition with its finding.
  package func explain(_ event: Event) -> [Verdict] { fatalError("stub") }
}

/// What one action says of one event.
package struct Verdict {
  package enum Answer: Equatable {
    case matched, observed, disabled, otherSource, otherEvent, filtered
  }
  package var action: Int
  package var answer: Answer
  /// Every condition in the order of the filter; empty when the event type does not match.
  package var findings: [Finding]
}
