// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// Which events an action takes: its keys `events`, `tags` and `source`.
extension ActionBuilder {
  /// Tags, each once.
  func tags(_ section: Section) -> [String] {
    var tags: [String] = []
    for item in section.value(ActionKeys.tags, report) {
      let tag = item.text.text
      guard tag.utf8.count <= Event.longestTag else {
        report.problem(
          at: item.position,
          "the tag '\(shortened(tag))' has \(tag.utf8.count) bytes; at most \(Event.longestTag) are taken")
        continue
      }
      if !tags.contains(tag) { tags.append(tag) }
    }
    return tags
  }

  /// Types and patterns; all types where only tags are named.
  func selection(_ section: Section, hasTags: Bool) -> EventSelection {
    var selection = EventSelection()
    guard let items = section.value(ActionKeys.events, report) else {
      guard section.setting("events") != nil || !hasTags else {
        selection.patterns = [EventPattern("#")]
        return selection
      }
      // A list that could not be read was told already.
      if section.setting("events") == nil, section.setting("tags") == nil {
        report.problem(
          at: section.position, "\(section.title) names no events; write 'events = TYPE, …' or 'tags = TAG, …'")
      }
      return selection
    }
    for item in items {
      let text = item.text.text
      let name = text.hasPrefix("!") ? String(text.dropFirst()).trimmed : text
      if text == "@unmatched" {
        selection.unmatched = true
      } else if name.hasPrefix("@group:") {
        addGroup(String(name.dropFirst("@group:".count)).trimmed, isExcluded: text.hasPrefix("!"), item, &selection)
      } else if name.hasPrefix("@") || name.isEmpty {
        report.problem(
          at: item.position,
          "'\(shortened(text))' is no event; expected a type, a pattern, !pattern, @group:NAME or @unmatched")
      } else {
        if name.contains(where: \.isWhitespace) {
          report.finding(
            .warning, at: item.position,
            "'\(shortened(text))' holds white space, which event types hardly have; several of them are separated by commas"
          )
        }
        if text.hasPrefix("!") {
          selection.exclusions.append(EventPattern(name))
        } else {
          selection.patterns.append(EventPattern(name))
        }
        EventAdvice(report: report).look(at: name, item.position)
      }
    }
    if items.isEmpty {
      report.problem(at: section.position(of: ActionKeys.events), "'events' is empty; name at least one event type")
    } else if hasTags, selection.patterns.isEmpty, selection.regexes.isEmpty, !selection.unmatched {
      selection.patterns = [EventPattern("#")]
    } else if let excluded = selection.exclusions.first, selection.patterns.isEmpty, selection.regexes.isEmpty,
      !selection.unmatched
    {
      report.problem(
        at: section.position(of: ActionKeys.events),
        "'events' only excludes; name what it excludes from, such as '#, !\(excluded)'")
    }
    return selection
  }

  /// What tells that a group which the action names has changed, though the action has not.
  func groupsMark(_ section: Section, _ selection: EventSelection) -> String {
    guard let events = section.setting("events"), events.value.json.text.holds("@group:") else { return "" }
    var revision = Revision()
    for pattern in selection.patterns + selection.exclusions { revision.add(variable: "pattern", pattern.description) }
    for regex in selection.regexes + selection.excludedRegexes { revision.add(variable: "regex", regex.description) }
    return revision.text
  }

  /// Takes over what a group holds now: an action that names it changes with it.
  private func addGroup(
    _ name: String, isExcluded: Bool, _ item: ConfigList.Item, _ selection: inout EventSelection
  ) {
    guard let group = groups.group(named: name) else {
      let known = groups.groups.map(\.name)
      report.problem(
        at: item.position,
        "there is no group '\(shortened(name))'"
          + (NearestName.to(name, in: known).map { "; did you mean '\($0)'?" }
            ?? "; there are \(known.joined(separator: ", ")), and [group:NAME] makes others"))
      return
    }
    if isExcluded {
      selection.exclusions += group.patterns
      selection.excludedRegexes += group.regexes
    } else {
      selection.patterns += group.patterns
      selection.regexes += group.regexes
    }
  }

  /// The names of sources; nil = none are named.
  func sourceNames(_ section: Section) -> [String]? {
    guard let items = section.value(ActionKeys.source, report) else { return nil }
    // The daemon's own events come from a source that nobody configures.
    let known = sources + [OwnEventType.source]
    for item in items where !known.contains(item.text.text) {
      report.problem(
        at: item.position,
        "there is no source '\(shortened(item.text.text))'" + NearestName.suggestion(for: item.text.text, in: known))
    }
    return items.map(\.text.text)
  }
}
