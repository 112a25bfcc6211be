// SPDX-License-Identifier: Apache-2.0

/// Finds the actions that name an event type or tags, at a cost that does not grow with the actions that do not.
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
    var events: EventSelection
    var tags: [String]
  }

  private var exactTypes = ByteTable()
  /// By the number of a type in `exactTypes`: the actions that name it.
  private var exactActions: [[Int32]] = []
  private var trie = PatternTrie()
  /// In the order of the files; only where an action names a group that has some.
  private var regexes: [(regex: TypeRegex, action: Int32)] = []
  private var fallbacks: [Int32] = []
  private var entries: [Entry?] = []
  /// The source whose events reach only actions that name it.
  private let reserved: String?
  /// The actions that ask for tags: only there, so that the others cost nothing more.
  let tags: TagIndex
  /// Whether any action is tied to sources by name.
  private(set) var namesSources = false

  init(_ actions: [Action], reserved: String?) {
    self.reserved = reserved
    tags = TagIndex(actions)
    namesSources = reserved != nil
    for (number, action) in actions.enumerated() {
      guard action.mode != .disabled else {
        entries.append(nil)
        continue
      }
      let number = Int32(number)
      entries.append(Entry(sources: action.sources, events: action.events, tags: action.tags))
      namesSources = namesSources || action.sources != nil
      guard action.tags.isEmpty else { continue }
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
  ///
  /// One that names the daemon's own events alone does not listen to others, unless it names them.
  func listens(to source: String) -> Bool {
    entries.contains { entry in
      guard let entry, takes(entry, source) else { return false }
      return entry.sources != nil || source == OwnEventType.source || !entry.tags.isEmpty
        || !entry.events.takesOwnOnly
    }
  }

  /// Whether an action takes events of a source.
  func takes(_ action: Int, source: String) -> Bool {
    guard entries.indices.contains(action), let entry = entries[action] else { return false }
    return takes(entry, source)
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
    guard let entry = entries[Int(action)], takes(entry, source) else { return false }
    return !entry.events.exclusions.contains { $0.matches(type) }
      && !entry.events.excludedRegexes.contains { $0.matches(type, memory) }
  }

  private func takes(_ entry: Entry, _ source: String) -> Bool {
    entry.sources?.contains(source) ?? (source != reserved)
  }

  /// Adds the actions that ask for tags which an event has, to those that its type can reach.
  func addTagged(
    _ present: [String], _ type: UnsafeBufferPointer<UInt8>, source: String, _ memory: RegexMemory, pause: () -> Void,
    to candidates: inout Candidates
  ) {
    let found = tags.candidates(present, pause: pause)
    guard !found.isEmpty else { return }
    let (isOwn, present) = (OwnEventType.isOwn(type), Set(present))
    let (patterns, fallbacks) = (candidates.byPattern.count, candidates.fallbacks.count)
    for number in found {
      pause()
      guard let entry = entries[Int(number)], present.isSuperset(of: entry.tags), takes(number, type, source, memory)
      else { continue }
      if entry.events.patterns.contains(where: { (!isOwn || $0.beginsLiterally) && $0.matches(type) })
        || !isOwn && entry.events.regexes.contains(where: { $0.matches(type, memory) })
      {
        candidates.byPattern.append(number)
      } else if entry.events.unmatched, !isOwn {
        candidates.fallbacks.append(number)
      }
    }
    if candidates.byPattern.count > patterns { candidates.byPattern.sort() }
    if candidates.fallbacks.count > fallbacks { candidates.fallbacks.sort() }
  }
}
