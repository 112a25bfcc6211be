// SPDX-License-Identifier: Apache-2.0

/// Every key that this version knows: read, documented and suggested from here.
package enum KeyTable {
  /// In the order of the reference: sources, actions, `[scripts]`, `[log]`.
  package static let all: [KeyDescription] =
    SourceKeys.descriptions + ActionKeys.descriptions + ScriptsKeys.descriptions + LogKeys.descriptions

  /// The names that each kind of section knows.
  static let names: [SectionKind: Set<String>] = {
    var names: [SectionKind: Set<String>] = [:]
    for key in all {
      for kind in key.kinds { names[kind, default: []].insert(key.name) }
    }
    return names
  }()

  /// Keys that the reference describes and that this version has not: said, never ignored.
  static let unavailable: Set<String> = [
    "retries", "retry_on", "retry_delay", "retry_backoff", "retry_max_delay", "on_interrupt", "leftovers",
    "allow_root", "on_suspend", "run_as", "run_as_group", "umask", "nice", "limits", "tags",
  ]

  /// Sections that the reference describes and that this version has not.
  static let unavailableSections: Set<String> = ["journal", "api"]

  static func knows(_ key: String, in kind: SectionKind) -> Bool {
    names[kind]?.contains(key) ?? false
  }

  /// The listing that a person reads: one key per entry, with type, default and meaning.
  package static func listing(of kind: SectionKind) -> String {
    all.filter { $0.kinds.contains(kind) }.map { key in
      let unit = key.unit.map { "; a bare number is \($0)" } ?? ""
      return "\(key.name)\n    \(key.summary)\n    \(key.type)\(unit); default: \(key.defaultText ?? "none")\n"
    }.joined()
  }

  /// Every key, by the kind of section that it stands in.
  package static var reference: String {
    [
      ("[DEFAULT] and [source:NAME]", SectionKind.source), ("[NAME] and [action:NAME]", .action),
      ("[scripts]", .scripts), ("[log]", .log),
    ].map { "\($0)\n\n\(listing(of: $1))" }.joined(separator: "\n")
  }
}
