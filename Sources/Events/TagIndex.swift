// SPDX-License-Identifier: Apache-2.0

/// Finds the actions that ask for tags, at a cost that does not grow with the actions whose tags an event has not.
///
/// Each action stands under one of its tags: the one that the fewest actions ask for.
struct TagIndex: Sendable {
  /// Ascending numbers of actions.
  private var actions: [String: [Int32]] = [:]

  /// Indexes the actions that are not disabled and name tags.
  init(_ actions: [Action]) {
    let asking = actions.enumerated().filter { $0.element.mode != .disabled && !$0.element.tags.isEmpty }
    var demand: [String: Int] = [:]
    for (_, action) in asking { for tag in action.tags { demand[tag, default: 0] += 1 } }
    for (number, action) in asking {
      guard let rarest = action.tags.min(by: { demand[$0, default: 0] < demand[$1, default: 0] }) else { continue }
      self.actions[rarest, default: []].append(Int32(number))
    }
  }

  var isEmpty: Bool { actions.isEmpty }

  /// The numbers of the actions that may ask for no other tags than these, in no order, each once.
  func candidates(_ tags: [String], pause: () -> Void) -> [Int32] {
    var found: [Int32] = []
    for tag in tags {
      pause()
      if let actions = actions[tag] { found += actions }
    }
    return found
  }
}

extension Action {
  /// The finding of the tags that the action asks for; nil where it asks for none.
  func tagFinding(_ event: Event) -> Finding? {
    guard !tags.isEmpty else { return nil }
    let present = event.tags
    let missing = tags.filter { !present.contains($0) }
    var finding = Finding(
      condition: "tags: \(tags.joined(separator: ", "))", path: "@tags", truth: missing.isEmpty ? .yes : .no)
    finding.actual = present.isEmpty ? nil : FieldValue.list(present).shown
    if present.isEmpty {
      finding.reason = "the event has no tags"
    } else if !missing.isEmpty {
      finding.reason = "the event has no tag \(missing.joined(separator: ", "))"
    }
    return finding
  }
}
