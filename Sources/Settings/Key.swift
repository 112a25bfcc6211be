// SPDX-License-Identifier: Apache-2.0

/// A key of the configuration: what reads it, and what is said about it, in one place.
///
/// `Value` is what the daemon works with; an optional one where the key may be absent.
struct Key<Value: Sendable>: Sendable {
  let name: String
  let type: ValueType<Value>
  let fallback: Value
  let description: KeyDescription

  /// Describes a key; the default is given in words where it is no constant.
  init(
    _ name: String, _ type: ValueType<Value>, default fallback: Value, defaultText: String? = nil,
    in kinds: SectionKind..., summary: String
  ) {
    self.name = name
    self.type = type
    self.fallback = fallback
    description = KeyDescription(
      name: name, type: type.expected, unit: type.unit, defaultText: defaultText ?? type.text(fallback),
      kinds: kinds, isSingle: type.isSingle, summary: summary)
  }

  /// Describes a key that may be absent.
  init<Wrapped>(
    _ name: String, _ type: ValueType<Wrapped>, defaultText: String, in kinds: SectionKind..., summary: String
  ) where Value == Wrapped? {
    self.name = name
    self.type = type.optional
    fallback = nil
    description = KeyDescription(
      name: name, type: type.expected, unit: type.unit, defaultText: defaultText, kinds: kinds,
      isSingle: type.isSingle, summary: summary)
  }

  /// Describes a key that may be absent, and whose place is asked for.
  init<Plain>(
    _ name: String, located type: ValueType<Plain>, defaultText: String, in kinds: SectionKind..., summary: String
  ) where Value == Located<Plain>? {
    self.name = name
    self.type = type.located.optional
    fallback = nil
    description = KeyDescription(
      name: name, type: type.expected, unit: type.unit, defaultText: defaultText, kinds: kinds,
      isSingle: type.isSingle, summary: summary)
  }
}

/// What the reference says about one key.
package struct KeyDescription: Sendable, Equatable {
  package let name: String
  /// What is expected, with its range: `a duration, 100ms to 30d`.
  package let type: String
  /// The unit of a bare number; nil where there is none.
  package let unit: String?
  /// The default as one would write it; nil = none.
  package let defaultText: String?
  /// The kinds of sections that know the key.
  package let kinds: [SectionKind]
  /// Whether it holds one value, no list or map: only those can be overridden by the environment.
  package let isSingle: Bool
  package let summary: String
}

/// What a section is for.
package enum SectionKind: String, Sendable, CaseIterable {
  case action, source, scripts, journal, api, log, group

  /// How a message names the kind.
  package var title: String {
    switch self {
    case .action: "actions"
    case .source: "sources"
    case .group: "groups"
    case .scripts: "[scripts]"
    case .journal: "[journal]"
    case .api: "[api]"
    case .log: "[log]"
    }
  }
}
