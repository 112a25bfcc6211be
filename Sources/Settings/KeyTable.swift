// SPDX-License-Identifier: Apache-2.0

/// Every key that this version knows: read, documented and suggested from here.
package enum KeyTable {
  /// In the order of the reference: sources, groups, actions, and the sections that all files share.
  package static let all: [KeyDescription] =
    SourceKeys.descriptions + GroupKeys.descriptions + ActionKeys.descriptions + IdentityKeys.descriptions
    + RetryKeys.descriptions
    + ScriptsKeys.descriptions + JournalKeys.descriptions + APIKeys.descriptions + LogKeys.descriptions

  /// The names that each kind of section knows.
  static let names: [SectionKind: Set<String>] = {
    var names: [SectionKind: Set<String>] = [:]
    for key in all {
      for kind in key.kinds { names[kind, default: []].insert(key.name) }
    }
    return names
  }()

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
      ("[group:NAME]", .group),
      ("[scripts]", .scripts), ("[journal]", .journal), ("[api]", .api), ("[log]", .log),
    ].map { "\($0)\n\n\(listing(of: $1))" }.joined(separator: "\n")
  }
}
