// SPDX-License-Identifier: Apache-2.0

/// All actions of a configuration, indexed by event type.
package struct ActionTable: Sendable {
  /// In the order of the files.
  package let actions: [Action]
  let index: EventIndex

  package init(_ actions: [Action]) {
    self.actions = actions
    index = EventIndex(actions)
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

  /// Whether any enabled or observing action can take events of a source.
  package func listens(to source: String) -> Bool { index.listens(to: source) }
}
