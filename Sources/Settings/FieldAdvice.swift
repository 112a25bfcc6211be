// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// What a person who knows ESI Leap's payload would say of the paths of an action that takes lease events only.
struct FieldAdvice {
  enum Use { case parameter, condition }

  /// The lease events that the action takes.
  let events: [String]
  let speaksPython: Bool
  let report: Report

  /// Looks at one path of a parameter or condition.
  func look(at path: FieldPath, used use: Use, _ position: SourcePosition) {
    let text = path.description
    guard !text.hasPrefix("@") else { return }
    let field = String(text.prefix { $0 != "." && $0 != "[" })
    guard LeaseEvents.fields.contains(field) else {
      unknown(text, field, use, position)
      return
    }
    if field.count < text.count {
      inside(field, text, use, position)
    }
    let empty = events.filter { LeaseEvents.isAlwaysNull(field, in: $0) }
    // Conditions are tried out one by one, which says more than the null alone.
    if !empty.isEmpty, use == .parameter { null(field, in: empty, position) }
  }

  private func unknown(_ text: String, _ field: String, _ use: Use, _ position: SourcePosition) {
    let consequence =
      switch use {
      case .parameter:
        "it is missing in each of them, and runs are refused unless the entry ends in '?' or has a default"
      case .condition: "a condition on it does not hold"
      }
    report.finding(
      .warning, at: position,
      "'\(shortened(text))' is no field of ESI Leap's lease events, so \(consequence)"
        + NearestName.suggestion(for: field, in: LeaseEvents.fields))
  }

  private func inside(_ field: String, _ text: String, _ use: Use, _ position: SourcePosition) {
    guard LeaseEvents.maps.contains(field) else {
      report.finding(
        .warning, at: position,
        "'\(shortened(text))' looks inside '\(field)', which is a single value in ESI Leap's lease events")
      return
    }
    let key = text.dropFirst(field.count + 1)
    if field == "properties", LeaseEvents.hardware.contains(String(key)) {
      report.finding(
        .hint, at: position,
        "'\(text)' is what the tenant wrote into the lease; what Ironic knows of the hardware is 'node_\(text)'")
    }
  }

  private func null(_ field: String, in types: [String], _ position: SourcePosition) {
    let moment = types.map { "'\($0)'" }.joined(separator: ", ")
    report.finding(
      .warning, at: position,
      "'\(field)' is null in \(moment): ESI Leap sets it after it has sent the event. The script gets an empty argument, or the entry's default"
    )
    if speaksPython {
      report.finding(
        .difference, at: position,
        "'\(field)' is null in \(moment): the Python listener ended at a null; now the argument is empty and keeps its place"
      )
    }
  }
}
