// SPDX-License-Identifier: Apache-2.0

/// All actions of a configuration, indexed by event type and tags.
package struct ActionTable: Sendable {
  /// In the order of the files.
  package let actions: [Action]
  let index: EventIndex

  /// Indexes actions.
  ///
  /// The events of `reserved`, a source, reach only the actions that name it; nil = every source's events reach the
  /// actions that name none.
  package init(_ actions: [Action], reserved: String? = nil) {
    self.actions = actions
    index = EventIndex(actions, reserved: reserved)
  }

  /// Whether any enabled or observing action names one of the daemon's own events, before its conditions.
  package func names(_ type: OwnEventType) -> Bool {
    var walk = PatternTrie.Walk()
    var name = type.rawValue
    return name.withUTF8 { bytes in
      let source = OwnEventType.source
      return !index.candidates(bytes, source: source, &walk, RegexMemory(), pause: {}).byPattern.isEmpty
    }
  }

  /// Whether an action, by its place in the order of the files, takes events of a source; a disabled one takes none.
  package func takes(_ action: Int, source: String) -> Bool { index.takes(action, source: source) }

  /// Whether any enabled or observing action can take events of a source.
  package func listens(to source: String) -> Bool { index.listens(to: source) }
}
