// SPDX-License-Identifier: Apache-2.0

/// The events that the daemon makes about itself.
///
/// Ordinary events of the source `onevent`: stored, matched and shown. They reach only patterns that begin literally
/// with `onevent`. Each is made in the transaction of what it tells of. onevent-events(7) describes them.
package enum OwnEventType: String, Sendable, CaseIterable {
  case started = "onevent.started"
  case stopping = "onevent.stopping"
  case reloaded = "onevent.reloaded"
  case reloadFailed = "onevent.reload_failed"
  case sourceConnected = "onevent.source.connected"
  case sourceLost = "onevent.source.lost"
  case journalRecovered = "onevent.journal.recovered"
  case runSucceeded = "onevent.run.succeeded"
  case runFailed = "onevent.run.failed"
  case runRefused = "onevent.run.refused"
  case runHeld = "onevent.run.held"
  case runExpired = "onevent.run.expired"
  case runRetried = "onevent.run.retried"
  case runDiscarded = "onevent.run.discarded"
  case eventReplayed = "onevent.event.replayed"
  case actionAdded = "onevent.action.added"
  case actionChanged = "onevent.action.changed"
  case actionRemoved = "onevent.action.removed"
  case actionSuspended = "onevent.action.suspended"
  case actionObserving = "onevent.action.observing"
  case actionResumed = "onevent.action.resumed"

  /// The name of the source that they come from.
  package static let source = "onevent"

  /// Whether it is stored even where no action names it.
  ///
  /// Runs mostly succeed: an event for each of them would double the journal, and tell nothing that the run does not.
  package var isAlwaysStored: Bool { self != .runSucceeded }

  /// What its payload holds, beside `time`; null where there is nothing to say.
  package var members: [String] {
    switch self {
    case .started: ["version", "pid", "revision", "files", "actions", "sources", "interrupted"]
    case .stopping: ["version", "pid", "running", "pending"]
    case .reloaded: ["revision", "added", "changed", "removed", "actions"]
    case .reloadFailed: ["problems", "count"]
    case .sourceConnected, .sourceLost: ["source", "host", "reason"]
    case .journalRecovered: ["reason", "since"]
    case .runSucceeded, .runFailed, .runRefused, .runHeld, .runExpired, .runRetried, .runDiscarded:
      [
        "run", "run_id", "action", "state", "event", "event_type", "source", "subject", "objects", "attempts",
        "outcome", "code", "reason", "stdout", "stderr", "runs", "chain",
      ]
    case .eventReplayed: ["event", "event_type", "source", "subject", "objects", "actions", "events", "runs"]
    case .actionAdded, .actionChanged, .actionRemoved, .actionSuspended, .actionObserving, .actionResumed:
      ["action", "status", "configured", "revision", "pending"]
    }
  }

  /// Whether a type is one of the daemon's own: `onevent`, or anything that begins with `onevent.`.
  static func isOwn(_ type: UnsafeBufferPointer<UInt8>) -> Bool {
    own.withUnsafeBufferPointer { type.begins(with: $0) }
      && (type.count == own.count || type[own.count] == UInt8(ascii: "."))
  }

  /// Whether a type is reserved for the daemon's own events.
  package static func isOwn(_ type: String) -> Bool {
    var type = type
    return type.withUTF8 { isOwn($0) }
  }

  private static let own = Array("onevent".utf8)
}
