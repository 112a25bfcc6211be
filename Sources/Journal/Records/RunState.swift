// SPDX-License-Identifier: Apache-2.0

/// Where a run is in its life.
package enum RunState: String, Sendable, CaseIterable {
  /// It may start as soon as its lane and the limits allow.
  case pending
  case running
  /// An attempt failed; the next is due later.
  case waiting
  case succeeded
  case failed
  /// An argument is missing or cannot be passed.
  case refused
  /// A person decides: its action is gone, or it was cut off too often.
  case held
  /// The event was older than `max_event_age`.
  case expired
  /// The action only observes.
  case observed
  /// A person gave it up.
  case discarded

  /// The condition of the index `runs_ended`: a question that it is to serve has to hold all of it.
  static func ended(_ column: String) -> String {
    allCases.filter { !$0.isEnded }.map { "\(column) <> '\($0.rawValue)'" }.joined(separator: " AND ")
  }

  /// Whether the run needs nobody any more.
  package var isEnded: Bool {
    switch self {
    case .pending, .running, .waiting, .held: false
    case .succeeded, .failed, .refused, .expired, .observed, .discarded: true
    }
  }
}
