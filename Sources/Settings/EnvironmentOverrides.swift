// SPDX-License-Identifier: Apache-2.0

import ConfigText

/// What variables `ONEVENT_<SECTION>__<KEY>` say: single values of `[DEFAULT]` and of the sections
/// that all files share.
struct EnvironmentOverrides {
  private(set) var defaults: [String: Setting] = [:]
  private(set) var common: [SectionKind: [String: Setting]] = [:]
  /// The variables that are taken, by their names.
  private(set) var variables: [(name: String, value: String)] = []

  /// The sections of which the environment may override a value, but for `[DEFAULT]`.
  private static let sections: [String: SectionKind] = [
    "SCRIPTS": .scripts, "JOURNAL": .journal, "API": .api, "LOG": .log,
  ]

  /// Reads the environment.
  ///
  /// Every variable with a double underscore behind its section is meant for us, but for `ONEVENT_PARAM_…`, which a
  /// script of ours has when it starts us.
  init(_ environment: [String: String], _ report: Report) {
    for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("ONEVENT_") {
      let rest = name.dropFirst("ONEVENT_".count)
      guard !rest.hasPrefix("PARAM_"), let separator = rest.firstRange(of: "__") else { continue }
      let section = rest[..<separator.lowerBound]
      let key = rest[separator.upperBound...].lowercased()
      let position = SourcePosition(file: "environment variable \(name)", line: 1, column: 1)
      let setting = Setting(
        key: key, position: position, value: .scalar(ConfigText(text: value, lines: [position]), .text),
        directory: FilePath.workingDirectory, names: [:], speaksPython: false)
      if read(String(section), setting, report) { variables.append((name, value)) }
    }
  }

  /// Takes an override over; false = it means nothing, and the report says why.
  private mutating func read(_ section: String, _ setting: Setting, _ report: Report) -> Bool {
    if section == "DEFAULT" {
      // To the sections that all files share it hands nothing on: they have variables of their own.
      guard check(setting, [.source, .action], report) else { return false }
      defaults[setting.key] = setting
      return true
    }
    if let kind = Self.sections[section] {
      guard check(setting, [kind], report) else { return false }
      common[kind, default: [:]][setting.key] = setting
      return true
    }
    let known = ["DEFAULT"] + Self.sections.keys.sorted()
    report.problem(
      at: setting.position,
      "'\(shortened(section))' is no section that the environment can override; expected one of "
        + known.joined(separator: ", ") + NearestName.suggestion(for: section, in: known))
    return false
  }

  private func check(_ setting: Setting, _ kinds: [SectionKind], _ report: Report) -> Bool {
    let known = KeyTable.all.filter { !Set($0.kinds).isDisjoint(with: kinds) }
    if known.contains(where: { $0.name == setting.key && $0.isSingle }) { return true }
    if known.contains(where: { $0.name == setting.key }) {
      report.problem(
        at: setting.position,
        "'\(setting.key)' holds a list or map; the environment can override single values only")
    } else if let home = SectionKind.allCases.first(where: { KeyTable.knows(setting.key, in: $0) }) {
      report.problem(at: setting.position, "'\(setting.key)' has no meaning here; it belongs into \(home.title)")
    } else {
      report.problem(
        at: setting.position,
        "unknown key '\(shortened(setting.key))'"
          + NearestName.suggestion(for: setting.key, in: known.filter(\.isSingle).map(\.name)))
    }
    return false
  }
}
