// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// Tries the conditions of an action on what ESI Leap is known to send.
///
/// A condition is judged by the code that judges it at run time, on bodies that hold every value that its fields can
/// have. Only conditions whose fields are all predictable are judged.
struct ConditionTrial {
  /// The lease events that the action takes.
  let events: [String]
  let report: Report

  /// Looks at every condition at the top of a filter: each must hold.
  func look(at conditions: Conditions) {
    for condition in conditions.separate() {
      let fields = Set(condition.filter.paths.map(\.description))
      guard !fields.isEmpty, fields.isSubset(of: LeaseEvents.predictable) else { continue }
      guard !events.contains(where: { holds(condition.filter, in: $0) }) else { continue }
      report.finding(.warning, at: condition.position, "this condition can never hold: \(reason(fields))")
    }
  }

  private func reason(_ fields: Set<String>) -> String {
    var reasons: [String] = []
    if fields.contains("status") {
      let seen = Set(events.flatMap(LeaseEvents.statuses)).sorted().map { "'\($0)'" }.joined(separator: ", ")
      reasons.append(
        "ESI Leap sends an event before it changes the status, so 'status' in \(shownEvents) is one of \(seen)")
    }
    for field in ["fulfill_time", "expire_time"] where fields.contains(field) {
      reasons.append("'\(field)' is null in \(shownEvents): ESI Leap sets it after it has sent the event")
    }
    return reasons.joined(separator: "; ")
  }

  private var shownEvents: String {
    events.map { "'\($0)'" }.joined(separator: ", ")
  }

  private func holds(_ filter: Filter, in type: String) -> Bool {
    var action = Action(name: "trial", place: "", command: Command(path: "/", words: []))
    action.filter = filter
    action.events.patterns = [EventPattern(type)]
    let matcher = Matcher(ActionTable([action]))
    let decoder = EventDecoder(EventMapping(), inflatedLimit: 0)
    var envelope = Envelope(source: "trial")
    envelope.routingKey = type
    return LeaseEvents.samples(of: type).contains { sample in
      let body = Array(sample.utf8)
      return body.withUnsafeBytes { bytes in
        // A sample that does not decode proves nothing against the condition.
        guard let event = try? decoder.decode(bytes, envelope) else { return true }
        var indexes: [Int] = []
        matcher.match(event, into: &indexes)
        return !indexes.isEmpty
      }
    }
  }
}
