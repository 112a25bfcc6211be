// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Event types that belong together, under a name and with a level: `[group:NAME]`.
package struct EventGroup: Sendable, Equatable {
  /// How much an event of the group matters.
  package enum Level: String, Sendable, CaseIterable { case critical, warning, detail }

  package var name: String
  package var level: Level
  package var patterns: [EventPattern]
  package var regexes: [TypeRegex]
  /// Whether its types come with onevent; what the files say comes before that.
  package var isShipped = false

  package init(name: String, level: Level, patterns: [EventPattern], regexes: [TypeRegex] = []) {
    self.name = name
    self.level = level
    self.patterns = patterns
    self.regexes = regexes
  }
}

/// The groups of a configuration: each type belongs to one of them, or to none.
///
/// Cheap to ask from any thread: what was answered for a type is remembered.
package struct EventGroups: Sendable, Equatable {
  /// Those of the files in their order, then those that come with onevent.
  package let groups: [EventGroup]
  private let tiers: [Tier]
  private let memo = Memo()

  /// Groups among which one kind of entry goes before the other.
  private struct Tier: Sendable {
    /// By type, the number of the first group that names it.
    var literals: [String: Int] = [:]
    /// In order.
    var wildcards: [(pattern: EventPattern, group: Int)] = []
    var regexes: [(regex: TypeRegex, group: Int)] = []
  }

  /// What was answered, the latest types of many: senders choose them, so that their number is bounded.
  private final class Memo: Sendable {
    static let bound = 4096
    private let answers = Mutex<[String: Int?]>([:])

    func answer(_ type: String, otherwise find: () -> Int?) -> Int? {
      if let known = answers.withLock({ $0[type] }) { return known }
      let found = find()
      answers.withLock { answers in
        if answers.count >= Self.bound { answers.removeAll(keepingCapacity: true) }
        answers[type] = .some(found)
      }
      return found
    }
  }

  package init(_ groups: [EventGroup] = []) {
    self.groups = groups.filter { !$0.isShipped } + groups.filter(\.isShipped)
    var tiers = [Tier(), Tier()]
    for (number, group) in self.groups.enumerated() {
      let tier = group.isShipped ? 1 : 0
      for pattern in group.patterns {
        if pattern.isExact {
          if tiers[tier].literals[pattern.description] == nil { tiers[tier].literals[pattern.description] = number }
        } else {
          tiers[tier].wildcards.append((pattern, number))
        }
      }
      tiers[tier].regexes += group.regexes.map { ($0, number) }
    }
    self.tiers = tiers
  }

  /// The group with a name.
  package func group(named name: String) -> EventGroup? { groups.first { $0.name == name } }

  /// The group of a type: what the files say goes before what comes with onevent, and in each of the two a type that is
  /// named literally before one that a pattern takes, and that before one that a regular expression takes.
  ///
  /// Among entries of one kind the first counts.
  package func group(ofType type: String) -> EventGroup? {
    memo.answer(type) { number(ofType: type) }.map { groups[$0] }
  }

  private func number(ofType type: String) -> Int? {
    var type = type
    return type.withUTF8 { bytes in
      // Made here: only a type that was not seen before gets so far.
      var memory: RegexMemory?
      for tier in tiers {
        if let number = tier.literals[String(decoding: bytes, as: UTF8.self)] { return number }
        if let entry = tier.wildcards.first(where: { $0.pattern.matches(bytes) }) { return entry.group }
        for entry in tier.regexes {
          let scratch = memory ?? RegexMemory()
          memory = scratch
          if entry.regex.matches(bytes, scratch) { return entry.group }
        }
      }
      return nil
    }
  }

  package static func == (left: EventGroups, right: EventGroups) -> Bool { left.groups == right.groups }
}
