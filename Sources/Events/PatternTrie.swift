// SPDX-License-Identifier: Apache-2.0

/// Patterns with wildcards, merged into a tree of words, each with the actions that gave it.
///
/// A type is matched against all patterns at once: the walk keeps the set of nodes that the words so far can have
/// reached, each at most once. Its cost is words of the type × nodes alive, and patterns that share no beginning with
/// the type are never looked at.
struct PatternTrie: Sendable {
  private struct Node {
    /// The node behind `*`, or -1.
    var one: Int32 = -1
    /// The node behind `#`, or -1.
    var anyNumber: Int32 = -1
    /// A `#` node, which every further word leaves alive.
    var isAnyNumber = false
    var actions: [Int32] = []
  }

  private struct Edge: Hashable {
    var node: Int32
    var word: Int32
  }

  /// The sets of a walk, kept by the caller so that their memory is reused.
  struct Walk {
    fileprivate var alive: [Int32] = []
    fileprivate var next: [Int32] = []
    /// The last step in which a node was added, to add it once a step.
    fileprivate var added: [UInt64] = []
    fileprivate var step: UInt64 = 0
  }

  private var nodes = [Node()]
  private var words = ByteTable()
  private var edges: [Edge: Int32] = [:]

  mutating func insert(_ pattern: EventPattern, action: Int32) {
    var node: Int32 = 0
    for word in pattern.words {
      switch word {
      case .one: node = child(of: node, \.one)
      case .anyNumber:
        node = child(of: node, \.anyNumber)
        nodes[Int(node)].isAnyNumber = true
      case .literal(let bytes):
        let edge = Edge(node: node, word: Int32(words.insert(bytes)))
        if let known = edges[edge] {
          node = known
        } else {
          node = newNode()
          edges[edge] = node
        }
      }
    }
    nodes[Int(node)].actions.append(action)
  }

  /// Appends the actions of every pattern that matches a type, in no order, one entry for each such pattern.
  ///
  /// With `literalStart`, the first word must stand literally in the pattern. `pause` is called from time to time,
  /// since a hostile type can have millions of words.
  func collect(
    _ type: UnsafeBufferPointer<UInt8>, literalStart: Bool, _ walk: inout Walk, pause: () -> Void,
    into actions: inout [Int32]
  ) {
    guard nodes.count > 1 || !nodes[0].actions.isEmpty else { return }
    if walk.added.count != nodes.count { walk.added = Array(repeating: 0, count: nodes.count) }
    walk.alive.removeAll(keepingCapacity: true)
    walk.step &+= 1
    if literalStart { walk.alive.append(0) } else { add(0, to: &walk.alive, &walk.added, walk.step) }
    var cursor = WordCursor(type)
    var isFirst = true
    var work = 0
    while let word = cursor.next() {
      walk.next.removeAll(keepingCapacity: true)
      walk.step &+= 1
      let number = words.index(of: UnsafeBufferPointer(rebasing: word))
      for node in walk.alive {
        if let number, let target = edges[Edge(node: node, word: Int32(number))] {
          add(target, to: &walk.next, &walk.added, walk.step)
        }
        guard !(literalStart && isFirst) else { continue }
        add(nodes[Int(node)].one, to: &walk.next, &walk.added, walk.step)
        if nodes[Int(node)].isAnyNumber { add(node, to: &walk.next, &walk.added, walk.step) }
      }
      swap(&walk.alive, &walk.next)
      if walk.alive.isEmpty { return }
      isFirst = false
      work += walk.alive.count + word.count / 8
      if work > 4096 {
        work = 0
        pause()
      }
    }
    for node in walk.alive { actions.append(contentsOf: nodes[Int(node)].actions) }
  }

  /// Adds a node, and the `#` nodes behind it, which are reached without a further word.
  private func add(_ node: Int32, to set: inout [Int32], _ added: inout [UInt64], _ step: UInt64) {
    var node = node
    while node >= 0, added[Int(node)] != step {
      added[Int(node)] = step
      set.append(node)
      node = nodes[Int(node)].anyNumber
    }
  }

  /// The child behind a wildcard, made where it is not there yet.
  private mutating func child(of node: Int32, _ branch: WritableKeyPath<Node, Int32>) -> Int32 {
    let known = nodes[Int(node)][keyPath: branch]
    guard known < 0 else { return known }
    let new = newNode()
    nodes[Int(node)][keyPath: branch] = new
    return new
  }

  private mutating func newNode() -> Int32 {
    nodes.append(Node())
    return Int32(nodes.count - 1)
  }
}
