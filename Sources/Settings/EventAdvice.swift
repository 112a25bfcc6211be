// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// What a person who knows ESI Leap would say of the event names of an action.
struct EventAdvice {
  let report: Report

  /// Looks at one entry of `events`.
  func look(at text: String, _ position: SourcePosition) {
    let pattern = EventPattern(text)
    guard !LeaseEvents.types.contains(where: pattern.matches) else { return }
    if OwnEventType.isOwn(text) { return look(atOwn: pattern, position) }
    let lower = text.lowercased()
    if lower.holds("expir") {
      report.finding(.hint, at: position, "'\(shortened(text))' names an expiry. " + Self.expiry)
      return
    }
    guard lower.hasPrefix("esi") || lower.holds("lease.") else { return }
    if let meant = NearestName.to(text, in: LeaseEvents.types) {
      report.finding(
        .warning, at: position,
        "'\(shortened(text))' is no event that ESI Leap is known to send; did you mean '\(meant)'?")
    } else if text.contains("*") || text.contains("#") {
      report.finding(
        .warning, at: position,
        "'\(shortened(text))' matches no event that ESI Leap is known to send: '*' stands for exactly one word, "
          + "'#' for any number; all lease events are '\(LeaseEvents.prefix)#'")
    } else if lower.hasPrefix("esi") {
      report.finding(
        .warning, at: position,
        "'\(shortened(text))' is no event that ESI Leap is known to send; it sends "
          + LeaseEvents.types.joined(separator: ", "))
    }
  }

  /// Looks at a pattern of the daemon's own events: of those every name is known.
  private func look(atOwn pattern: EventPattern, _ position: SourcePosition) {
    let names = OwnEventType.allCases.map(\.rawValue)
    guard !names.contains(where: pattern.matches) else { return }
    report.finding(
      .warning, at: position,
      "'\(shortened(pattern.description))' is none of onevent's own events"
        + (NearestName.to(pattern.description, in: names).map { "; did you mean '\($0)'?" }
          ?? "; there are \(names.joined(separator: ", "))"))
  }

  /// The hint for whoever waits for an expiry.
  static let expiry =
    "ESI Leap has no event for it: leases that expire, are deleted or are cancelled are all announced as "
    + "'\(LeaseEvents.prefix)delete.*', with the status from before the change."
}

extension EventSelection {
  /// The lease events that an action takes, when it takes no others; else nil.
  var leaseEvents: [String]? {
    guard !unmatched, !patterns.isEmpty,
      patterns.allSatisfy({ $0.description.hasPrefix(LeaseEvents.prefix) })
    else { return nil }
    let taken = LeaseEvents.types.filter { type in
      patterns.contains { $0.matches(type) } && !exclusions.contains { $0.matches(type) }
    }
    return taken.isEmpty ? nil : taken
  }
}
