// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// One file's sections, each with its kind and with what it inherits inside the file.
struct FileSections {
  /// The keys of `[DEFAULT]` that are about one source only and are not handed on to others.
  private static let ownKeysOfDefault: Set<String> = [
    "type", "enabled", "queues", "bind", "queue", "durable", "auto_delete",
  ]

  /// The sections that all files share: they are merged key by key.
  private static let commonKinds: [SectionKind] = [.scripts, .journal, .api, .log]

  /// What may stand at the top of a YAML file.
  private static let namesAtTop = ["sources", "actions", "groups"] + commonKinds.map(\.rawValue)

  let path: String
  let directory: String
  let isINI: Bool
  /// `[DEFAULT]`, where the file has it.
  private(set) var defaults: [String: Setting] = [:]
  private(set) var defaultsPosition: SourcePosition?
  /// Actions, sources and groups with two layers: what `[DEFAULT]` gives, and their own.
  private(set) var sections: [Section] = []
  /// What the file says in the sections that all files share, the inherited apart.
  private(set) var common: [SectionKind: (inherited: [String: Setting], own: [String: Setting])] = [:]
  /// Whether the Python listener could have read the file.
  let speaksPython: Bool
  /// Whether every section and every name in `[DEFAULT]` was understood: then what is not there is really missing.
  private(set) var isUnderstood: Bool

  /// Sorts out a document, with what the environment says for `[DEFAULT]`.
  init(_ document: ConfigDocument, path: String, isINI: Bool, overrides: [String: Setting], _ report: Report) {
    self.path = path
    self.isINI = isINI
    directory = FilePath.directory(of: path)
    // It could not do without [DEFAULT], which names its broker.
    speaksPython =
      isINI && document.sections.contains { $0.isPlainAction }
      && document.sections.contains { $0.name == "DEFAULT" }
    isUnderstood = document.problems.isEmpty && document.unknown.isEmpty
    for problem in document.problems { report.add(problem) }
    for entry in document.unknown {
      report.problem(
        at: entry.position,
        "unknown key '\(shortened(entry.key))' at the top of the file; expected one of "
          + Self.namesAtTop.joined(separator: ", ") + NearestName.suggestion(for: entry.key, in: Self.namesAtTop))
    }
    let defaultSection = document.sections.first { $0.name == "DEFAULT" }
    let checker = KeyChecker(texts: isINI ? document.rawTexts : [], report: report)
    if let defaultSection {
      if !checker.checkDefaults(defaultSection) { isUnderstood = false }
      defaults = settings(of: defaultSection, names: names(of: [defaultSection]), speaksPython)
      defaultsPosition = defaultSection.position
    }
    for section in document.sections where section.name != "DEFAULT" {
      guard let (kind, name) = classify(section, report) else {
        isUnderstood = false
        continue
      }
      checker.check(section, kind)
      let names = names(of: [defaultSection, section].compactMap(\.self))
      let own = settings(of: section, names: names, speaksPython && section.isPlainAction)
      let inherited = inherited(by: kind, names, speaksPython && section.isPlainAction)
      switch kind {
      case .action, .source, .group:
        sections.append(
          Section(
            kind: kind, name: name, title: "[\(section.name)]", position: section.position, directory: directory,
            speaksPython: speaksPython && section.isPlainAction,
            layers: [inherited, overrides.filter { Self.flows($0.key, into: kind) }, own]))
      case .scripts, .journal, .api, .log:
        common[kind] = (inherited, own)
      }
    }
    if let defaultSection { checker.checkInheritance(defaultSection, by: Set(common.keys)) }
  }

  /// Whether a key of `[DEFAULT]` reaches sections of a kind.
  ///
  /// To `[scripts]`, the keys of actions would come round twice, and `max_concurrent` means something else there.
  private static func flows(_ key: String, into kind: SectionKind) -> Bool {
    guard KeyTable.knows(key, in: kind) else { return false }
    return switch kind {
    case .action: key != "events"
    // Its `level` is none of the log's.
    case .group: false
    case .source: !ownKeysOfDefault.contains(key)
    case .scripts: key != "max_concurrent" && !KeyTable.knows(key, in: .action)
    case .journal, .api, .log: true
    }
  }

  private func inherited(by kind: SectionKind, _ names: [String: ConfigText], _ speaksPython: Bool) -> [String: Setting]
  {
    defaults.filter { Self.flows($0.key, into: kind) }.mapValues { setting in
      // Python interpolates an inherited value with the names of the section that inherits it.
      Setting(
        key: setting.key, position: setting.position, value: setting.value, directory: setting.directory,
        names: names, speaksPython: speaksPython)
    }
  }

  private func settings(
    of section: ConfigSection, names: [String: ConfigText], _ speaksPython: Bool
  ) -> [String: Setting] {
    var settings: [String: Setting] = [:]
    for entry in section.entries {
      settings[entry.key] = Setting(
        key: entry.key, position: entry.position, value: entry.value, directory: directory, names: names,
        speaksPython: speaksPython)
    }
    return settings
  }

  /// The values that `%(name)s` may name; the nearest section last.
  private func names(of sections: [ConfigSection]) -> [String: ConfigText] {
    guard isINI else { return [:] }
    var names: [String: ConfigText] = [:]
    for entry in sections.flatMap(\.entries) {
      if case .raw(let text) = entry.value { names[entry.key] = text.withoutComments().text }
    }
    return names
  }

  // MARK: Kinds

  private func classify(_ section: ConfigSection, _ report: Report) -> (kind: SectionKind, name: String)? {
    if section.isPlainAction { return (.action, section.name) }
    let parts = section.name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2 {
      let name = String(parts[1]).trimmed
      switch parts[0] {
      case "action", "source", "group":
        guard !name.isEmpty else {
          report.problem(at: section.position, "[\(section.name)] has no name; write [\(parts[0]):NAME]")
          return nil
        }
        guard parts[0] != "source" || name != OwnEventType.source else {
          report.problem(
            at: section.position,
            "the source '\(name)' is the daemon itself, whose own events come from it; rename this one")
          return nil
        }
        return (SectionKind(rawValue: String(parts[0])) ?? .action, name)
      default: break
      }
    }
    if let kind = Self.commonKinds.first(where: { $0.rawValue == section.name }) { return (kind, section.name) }
    report.problem(at: section.position, unknownSection(section, parts.map(String.init)))
    return nil
  }

  private func unknownSection(_ section: ConfigSection, _ parts: [String]) -> String {
    let title = "[\(shortened(section.name))]"
    if let near = section.entries.map(\.key).first(where: { NearestName.to($0, in: ["events"]) != nil }) {
      return "\(title) is no action, because it has no 'events'; did you mean 'events' where '\(near)' stands?"
    }
    let known = Self.commonKinds.map(\.rawValue) + ["DEFAULT"]
    let near =
      parts.count == 2
      ? NearestName.to(parts[0], in: ["action", "source", "group"]).map { "[\($0):\(parts[1])]" }
      : NearestName.to(section.name, in: known).map { "[\($0)]" }
    return "\(title) is no section that onevent knows, and no action, because no 'events' stands in it"
      + (near.map { "; did you mean \($0)?" }
        ?? "; expected an action with 'events', [source:NAME], [group:NAME], \(known.map { "[\($0)]" }.joined(separator: ", "))")
  }
}

extension ConfigSection {
  /// Whether the section is an action because `events` or `tags` stands in it.
  var isPlainAction: Bool {
    !name.contains(":") && name != "DEFAULT" && entries.contains { $0.key == "events" || $0.key == "tags" }
  }
}

extension ConfigDocument {
  /// Every value as it stands in an INI file.
  var rawTexts: [String] {
    sections.flatMap(\.entries).compactMap { entry in
      if case .raw(let text) = entry.value { text.text } else { nil }
    }
  }
}
