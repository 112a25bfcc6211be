// SPDX-License-Identifier: Apache-2.0

import ConfigText

/// Tells keys that their section does not know.
struct KeyChecker {
  /// Every value of an INI file, for keys that exist to be named by `%(key)s`.
  let texts: [String]
  let report: Report

  func check(_ section: ConfigSection, _ kind: SectionKind) {
    for entry in section.entries where !KeyTable.knows(entry.key, in: kind) && !isNamed(entry.key) {
      report.problem(at: entry.position, message(entry.key, in: "[\(section.name)]", [kind]))
    }
  }

  /// `[DEFAULT]` may hold what any kind of section knows, but for `events`, which makes a section an action.
  ///
  /// - Returns: Whether all of its keys are known.
  func checkDefaults(_ section: ConfigSection) -> Bool {
    var isKnown = true
    for entry in section.entries {
      if entry.key == "events" {
        report.problem(
          at: entry.position,
          "'events' in [DEFAULT] makes no action; write it into a section of its own, such as [fulfill]")
      } else if !SectionKind.allCases.contains(where: { KeyTable.knows(entry.key, in: $0) }), !isNamed(entry.key) {
        isKnown = false
        report.problem(at: entry.position, message(entry.key, in: "[DEFAULT]", SectionKind.allCases))
      }
    }
    return isKnown
  }

  /// Tells keys of `[DEFAULT]` that nothing inherits, because the file has no section of their kind.
  func checkInheritance(_ section: ConfigSection, by kinds: Set<SectionKind>) {
    for entry in section.entries where !isNamed(entry.key) {
      // What actions and sources know may stand here for those that are still to be written.
      let homes = SectionKind.allCases.filter { KeyTable.knows(entry.key, in: $0) }
      guard let home = homes.first, kinds.isDisjoint(with: homes), !homes.contains(.action), !homes.contains(.source)
      else { continue }
      report.finding(
        .warning, at: entry.position,
        "'\(shortened(entry.key))' in [DEFAULT] has no effect, because the file has no \(home.title); write it there")
    }
  }

  private func isNamed(_ key: String) -> Bool {
    texts.contains { $0.lowercased().contains("%(\(key))s") }
  }

  private func message(_ key: String, in title: String, _ kinds: [SectionKind]) -> String {
    let shown = shortened(key)
    if key.contains("."),
      NearestName.to(String(key.prefix { $0 != "." }), in: SectionKind.allCases.map(\.rawValue)) != nil
    {
      return "'\(shown)': a key with dots is no path into a section; write the key into that section"
    }
    let homes = SectionKind.allCases.filter { KeyTable.knows(key, in: $0) }
    let known = kinds.flatMap { KeyTable.names[$0] ?? [] }
    let suggestion = NearestName.suggestion(for: key, in: Set(known).sorted())
    if !homes.isEmpty {
      return "'\(shown)' in \(title) has no meaning; it belongs into "
        + homes.map(\.title).joined(separator: " or ") + suggestion
    }
    return "unknown key '\(shown)' in \(title)" + suggestion
  }
}

extension String {
  /// Whether it has these bytes in it.
  ///
  /// `contains` looks for the same characters, however they are composed, which takes far longer.
  func holds(_ part: String) -> Bool { utf8.indices.contains { utf8[$0...].starts(with: part.utf8) } }

  /// The text without white space at its ends.
  var trimmed: String {
    var text = self[...]
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text.drop(while: \.isWhitespace))
  }
}
