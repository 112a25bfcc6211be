// SPDX-License-Identifier: Apache-2.0

/// Finds the actions that name an event type, at a cost that does not grow with the actions that do not.
struct EventIndex: Sendable {
  /// What one type of one source can reach.
  struct Candidates: Sendable {
    /// Actions whose patterns take the type, in the order of the files.
    var byPattern: [Int32] = []
    /// Actions with `@unmatched`, in the order of the files: they are asked when no other action accepted.
    var fallbacks: [Int32] = []
  }

  /// The part of an action that the index needs; disabled actions have none.
  private struct Entry {
    var sources: [String]?
    var exclusions: [EventPattern]
    var excludedRegexes: [TypeRegex]
  }

  private var exactTypes = ByteTable()
  /// By the number of a type in `exactTypes`: the actions that name it.
  private var exactActions: [[Int32]] = []
  private var trie = PatternTrie()
  /// In the order of the files; only where an action names a group that has some.
  private var regexes: [(regex: TypeRegex, action: Int32)] = []
  private var fallbacks: [Int32] = []
  private var entries: [Entry?] = []
  /// Whether any action is tied to sources by name.
  private(set) var namesSources = false

  init(_ actions: [Action]) {
    for (number, action) in actions.enumerated() {
      guard action.mode != .disabled else {
        entries.append(nil)
        continue
      }
      let number = Int32(number)
      entries.append(
        Entry(
          sources: action.sources, exclusions: action.events.exclusions,
          excludedRegexes: action.events.excludedRegexes))
      namesSources = namesSources || action.sources != nil
      if action.events.unmatched { fallbacks.append(number) }
      regexes += action.events.regexes.map { ($0, number) }
      for pattern in action.events.patterns {
        if pattern.isExact {
          let type = exactTypes.insert(Array(pattern.description.utf8))
          if type == exactActions.count { exactActions.append([]) }
          exactActions[type].append(number)
        } else {
          trie.insert(pattern, action: number)
        }
      }
    }
  }

  /// Whether any enabled or observing action takes events of a source.
  func listens(to source: String) -> Bool {
    entries.contains { entry in
      guard let entry else { return false }
      return entry.sources?.contains(source) ?? true
    }
  }

  /// The actions that a type can reach.
  ///
  /// The daemon's own events (`onevent.…`) reach only patterns that begin literally with `onevent`: an action on `#`
  /// must not answer to what its own runs bring forth.
  func candidates(
    _ type: UnsafeBufferPointer<UInt8>, source: String, _ walk: inout PatternTrie.Walk, _ memory: RegexMemory,
    pause: () -> Void
  ) -> Candidates {
    let isOwn = OwnEventType.isOwn(type)
    var found: [Int32] = []
    if let exact = exactTypes.index(of: type) { found = exactActions[exact] }
    trie.collect(type, literalStart: isOwn, &walk, pause: pause, into: &found)
    if !isOwn {
      for (regex, action) in regexes {
        if regex.matches(type, memory) { found.append(action) }
        pause()
      }
    }
    found.sort()
    var result = Candidates()
    var last: Int32 = -1
    for action in found where action != last {
      last = action
      if takes(action, type, source, memory) { result.byPattern.append(action) }
    }
    if !isOwn { result.fallbacks = fallbacks.filter { takes($0, type, source, memory) } }
    return result
  }

  private func takes(
    _ action: Int32, _ type: UnsafeBufferPointer<UInt8>, _ source: String, _ memory: RegexMemory
  ) -> Bool {
    guard let entry = entries[Int(action)] else { return false }
    if let sources = entry.sources, !sources.contains(source) { return false }
    return !entry.exclusions.contains { $0.matches(type) }
      && !entry.excludedRegexes.contains { $0.matches(type, memory) }
  }
}
