// SPDX-License-Identifier: Apache-2.0

/// What a stream tells of.
enum StreamKind: String, Sendable {
  case events, runs

  /// The name of its messages, as `event:` of a stream says it.
  var messageName: String { self == .events ? "event" : "run" }

  /// The parameters that restrict it.
  var filters: [String] {
    switch self {
    case .events: ["type", "tag", "object", "subject", "source", "result", "group", "level", "action"]
    case .runs: ["type", "subject", "action", "state", "event"]
    }
  }

  /// The parameters that say where it begins.
  static let starts = ["from", "last", "last_event_id"]
}
