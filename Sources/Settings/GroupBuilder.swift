// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// The keys of `[group:NAME]`.
enum GroupKeys {
  static let events = Key(
    "events", .patterns("a comma list of event types, patterns, and regular expressions in slashes"),
    defaultText: "those of the group of this name that comes with onevent, if there is one", in: .group,
    summary: "The types of the group: exact ones, patterns as in actions, and `/…/`, a regular expression of Python's "
      + "over the whole type.")

  static let level = Key(
    "level", .word(EventGroup.Level.self),
    defaultText: "that of the group of this name that comes with onevent, else detail",
    in: .group, summary: "How much its events matter.")

  static let descriptions = [events.description, level.description]
}

/// Makes the groups of their sections and of those that come with onevent.
struct GroupBuilder {
  let report: Report

  /// Configured groups in the order of the files; each replaces, key by key, the shipped one of its name.
  func build(_ sections: [Section]) -> EventGroups {
    let configured = sections.map(group)
    let names = Set(configured.map(\.name))
    return EventGroups(configured + EventGroups.shipped.filter { !names.contains($0.name) })
  }

  private func group(_ section: Section) -> EventGroup {
    let shipped = EventGroups.shipped.first { $0.name == section.name }
    var group = EventGroup(
      name: section.name, level: section.value(GroupKeys.level, report) ?? shipped?.level ?? .detail, patterns: [])
    guard section.setting("events") != nil else {
      guard let shipped else {
        report.problem(at: section.position, "\(section.title) names no events; write 'events = TYPE, …'")
        return group
      }
      group.patterns = shipped.patterns
      return group
    }
    // A list that could not be read was told already.
    guard let items = section.value(GroupKeys.events, report) else { return group }
    if items.isEmpty {
      report.problem(at: section.position(of: GroupKeys.events), "'events' is empty; name at least one event type")
    }
    for item in items { read(item, into: &group) }
    return group
  }

  private func read(_ item: ConfigList.Item, into group: inout EventGroup) {
    let text = item.text.text
    if let expression = Self.expression(text) {
      do throws(RegexError) {
        group.regexes.append(try TypeRegex(expression))
      } catch {
        report.problem(
          at: item.text.position(atScalar: error.position + 1),
          "'\(shortened(text))' is no regular expression that can be used: \(error.reason)")
      }
    } else if text.hasPrefix("/") {
      report.problem(
        at: item.position,
        "'\(shortened(text))' begins with a slash and does not end with one; a regular expression is written /…/, in "
          + "double quotes where it holds a comma")
    } else if text.hasPrefix("!") || text.hasPrefix("@") {
      report.problem(
        at: item.position, "'\(shortened(text))' is no event of a group; expected a type, a pattern, or /…/")
    } else {
      group.patterns.append(EventPattern(text))
    }
  }

  private static func expression(_ text: String) -> String? {
    guard text.count > 2, text.hasPrefix("/"), text.hasSuffix("/") else { return nil }
    return String(text.dropFirst().dropLast())
  }
}
