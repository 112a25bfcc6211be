// SPDX-License-Identifier: Apache-2.0

import ConfigText

/// What variables `ONEVENT_<SECTION>__<KEY>` say: single values of `[DEFAULT]`, `[scripts]` and `[log]`.
struct EnvironmentOverrides {
  private(set) var defaults: [String: Setting] = [:]
  private(set) var common: [SectionKind: [String: Setting]] = [:]

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
      read(String(section), setting, report)
    }
  }

  private mutating func read(_ section: String, _ setting: Setting, _ report: Report) {
    switch section {
    case "DEFAULT":
      guard check(setting, SectionKind.allCases, report) else { return }
      defaults[setting.key] = setting
    case "SCRIPTS", "LOG":
      let kind = section == "LOG" ? SectionKind.log : .scripts
      guard check(setting, [kind], report) else { return }
      common[kind, default: [:]][setting.key] = setting
    case "JOURNAL", "API":
      report.problem(at: setting.position, "[\(section.lowercased())] is not available in this version")
    default:
      report.problem(
        at: setting.position,
        "'\(shortened(section))' is no section that the environment can override; expected DEFAULT, SCRIPTS or LOG"
          + NearestName.suggestion(for: section, in: ["DEFAULT", "SCRIPTS", "LOG"]))
    }
  }

  private func check(_ setting: Setting, _ kinds: [SectionKind], _ report: Report) -> Bool {
    let known = KeyTable.all.filter { !Set($0.kinds).isDisjoint(with: kinds) }
    if known.contains(where: { $0.name == setting.key && $0.isSingle }) { return true }
    if known.contains(where: { $0.name == setting.key }) {
      report.problem(
        at: setting.position,
        "'\(setting.key)' holds a list or map; the environment can override single values only")
    } else if KeyTable.unavailable.contains(setting.key) {
      report.problem(at: setting.position, "'\(setting.key)' is not available in this version")
    } else {
      report.problem(
        at: setting.position,
        "unknown key '\(shortened(setting.key))'"
          + NearestName.suggestion(for: setting.key, in: known.filter(\.isSingle).map(\.name)))
    }
    return false
  }
}
