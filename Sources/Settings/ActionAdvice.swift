// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// Says what an action will not do as it seems to say, and what changed since the Python listener.
struct ActionAdvice {
  let section: Section
  let report: Report

  func look(at action: Action, _ conditions: Conditions?) {
    if let conditions { lookForExpiry(conditions) }
    if let events = action.events.leaseEvents {
      look(at: action, conditions, events)
    }
    if section.speaksPython { ListenerDifferences(section: section, report: report).look(conditions) }
  }

  private func look(at action: Action, _ conditions: Conditions?, _ events: [String]) {
    let advice = FieldAdvice(events: events, speaksPython: section.speaksPython, report: report)
    let parameters = zip(action.parameters, positions(of: "script_params", count: action.parameters.count))
    for (parameter, position) in parameters {
      for path in parameter.paths { advice.look(at: path, used: .parameter, position) }
    }
    let position = section.position(of: ActionKeys.envParams)
    for path in action.environmentParameters.flatMap(\.parameter.paths) {
      advice.look(at: path, used: .parameter, position)
    }
    guard let conditions else { return }
    for path in conditions.filter.paths {
      advice.look(at: path, used: .condition, conditions.json.position(of: [path.description]))
    }
    ConditionTrial(events: events, report: report).look(at: conditions)
  }

  /// Where each of a list's items stands; the key, where that is not known.
  private func positions(of key: String, count: Int) -> [SourcePosition] {
    guard let setting = section.setting(key) else { return [] }
    // What there is to say about reading it was said when it was read.
    let items = setting.items(Report()) ?? []
    return items.count == count ? items.map(\.position) : Array(repeating: setting.position, count: count)
  }

  /// Only `expire_time` is a name of ESI Leap's; what else speaks of expiry waits for an event that never comes.
  private func lookForExpiry(_ conditions: Conditions) {
    let text = Array(conditions.json.text.lowercased().utf8)
    guard let offset = text.indices.first(where: { text[$0...].starts(with: "expir".utf8) }) else { return }
    report.finding(
      .hint, at: conditions.json.position(atUTF8: offset), "A condition speaks of an expiry. " + EventAdvice.expiry)
  }
}
