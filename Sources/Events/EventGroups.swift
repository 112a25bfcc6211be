// SPDX-License-Identifier: Apache-2.0

/// Event types that belong together, under a name and with a level: `[group:NAME]`.
package struct EventGroup: Sendable, Equatable {
  /// How much an event of the group matters.
  package enum Level: String, Sendable, CaseIterable { case critical, warning, detail }

  package var name: String
  package var level: Level
  package var patterns: [EventPattern]

  package init(name: String, level: Level, patterns: [EventPattern]) {
    self.name = name
    self.level = level
    self.patterns = patterns
  }
}

/// The groups of a configuration: each type belongs to one of them, or to none.
package struct EventGroups: Sendable, Equatable {
  package let groups: [EventGroup]

  package init(_ groups: [EventGroup] = []) {
    self.groups = groups
  }

  /// The group of a type: the first that names it literally, else the first one of whose patterns matches it.
  package func group(ofType type: String) -> EventGroup? {
    groups.first { $0.patterns.contains { $0.isExact && $0.description == type } }
      ?? groups.first { $0.patterns.contains { $0.matches(type) } }
  }
}
