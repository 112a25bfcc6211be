// SPDX-License-Identifier: Apache-2.0

/// Builds the values of the one document of a YAML text.
///
/// What breaks the form ends the reading with one problem, since nothing behind it can be trusted; what is only not
/// wanted (a tag, a merge key, a key that is there twice, an unknown alias) is told, and the reading goes on.
struct YAMLTree: ~Copyable {
  /// How deep maps and lists may stand in each other, what aliases bring along included.
  static let maximumDepth = 64
  /// Enough to see what is wrong.
  private static let maximumProblems = 1000
  /// What aliases may add to a file, in bytes and nodes: as much again as a file may have.
  static let maximumAliased = SourceText.maximumSize

  private let source: SourceText
  private var events: YAMLEvents
  private(set) var problems: [ConfigProblem] = []
  private var anchors: [String: Node] = [:]
  private var openAnchors: Set<String> = []
  private var aliased = 0

  /// A value and what it costs to repeat it.
  struct Node {
    var value: ConfigValue
    var cost = 1
    /// Levels of maps and lists in it.
    var height = 0
  }

  init(source: SourceText, events: consuming YAMLEvents) {
    self.source = source
    self.events = events
  }

  /// Returns the document's value, or nil for a text without one.
  mutating func document() throws(ConfigProblem) -> ConfigValue? {
    var value: ConfigValue?
    while true {
      let event = try events.next(in: source)
      switch event.kind {
      case .streamEnd: return value
      case .streamStart, .documentEnd: break
      case .documentStart:
        guard value == nil else {
          throw problem(at: event.offset, "A second document begins here: a configuration has one. Remove the ---.")
        }
      default: value = try node(event, depth: 0).value
      }
    }
  }

  private mutating func node(_ event: YAMLEvent, depth: Int) throws(ConfigProblem) -> Node {
    if event.tag != nil {
      complain(
        at: event.offset,
        "Tags (!…) are not supported: remove it. Text that looks like a number is written in quotes.")
    }
    var node: Node
    switch event.kind {
    case .alias(let name):
      return try aliasedNode(name, at: event.offset, depth: depth)
    case .scalar(let text, let style):
      node = scalar(text, style, at: event.offset)
    case .listStart, .mapStart:
      guard depth < Self.maximumDepth else {
        throw problem(at: event.offset, "Maps and lists stand more than \(Self.maximumDepth) deep in each other.")
      }
      if let anchor = event.anchor { openAnchors.insert(anchor) }
      if case .listStart = event.kind {
        node = try list(at: event.offset, depth: depth + 1)
      } else {
        node = try map(at: event.offset, depth: depth + 1)
      }
      if let anchor = event.anchor { openAnchors.remove(anchor) }
    default:
      throw problem(at: event.offset, "The document ends before its value does.")
    }
    if let anchor = event.anchor { anchors[anchor] = node }
    return node
  }

  private mutating func aliasedNode(_ name: String, at offset: Int, depth: Int) throws(ConfigProblem) -> Node {
    let isOpen = openAnchors.contains(name)
    guard !isOpen, let node = anchors[name] else {
      complain(
        at: offset,
        isOpen
          ? "The alias *\(name) stands inside the value that it repeats: write that part out."
          : "No &\(name) stands in front of the alias *\(name). Text that begins with * is written in quotes.")
      return Node(value: .scalar(text("", at: offset), .null))
    }
    aliased += node.cost
    guard aliased <= Self.maximumAliased else {
      throw problem(at: offset, "The aliases of this file repeat more than \(Self.maximumAliased) bytes (1 MiB).")
    }
    guard depth + node.height <= Self.maximumDepth else {
      throw problem(
        at: offset, "With the alias *\(name), maps and lists stand more than \(Self.maximumDepth) deep in each other.")
    }
    return node
  }

  private mutating func list(at offset: Int, depth: Int) throws(ConfigProblem) -> Node {
    var items: [ConfigValue] = []
    var list = Node(value: .list([], source.position(at: offset)), height: 1)
    while true {
      let event = try events.next(in: source)
      if case .listEnd = event.kind { break }
      let item = try node(event, depth: depth)
      items.append(item.value)
      list.add(item)
    }
    list.value = .list(items, source.position(at: offset))
    return list
  }

  private mutating func map(at offset: Int, depth: Int) throws(ConfigProblem) -> Node {
    var entries: [ConfigEntry] = []
    var keys: [[UInt8]: SourcePosition] = [:]
    var map = Node(value: .map([], source.position(at: offset)), height: 1)
    while true {
      let event = try events.next(in: source)
      if case .mapEnd = event.kind { break }
      let key = try node(event, depth: depth)
      let value = try node(try events.next(in: source), depth: depth)
      map.add(key)
      map.add(value)
      guard let name = name(from: key, event) else { continue }
      let position = source.position(at: event.offset)
      if let first = keys[Array(name.utf8)] {
        complain(
          at: event.offset, "The key \(name.shown) is already there, in line \(first.line): keep one of the two.")
        continue
      }
      keys[Array(name.utf8)] = position
      entries.append(ConfigEntry(key: name, position: position, value: value.value))
    }
    map.value = .map(entries, source.position(at: offset))
    return map
  }

  /// Returns the key that the node is, or nil with a problem told.
  private mutating func name(from key: Node, _ event: YAMLEvent) -> String? {
    guard case .scalar(let text, let type) = key.value else {
      complain(at: event.offset, "A map or list stands here as a key: keys are text.")
      return nil
    }
    if type == .null, text.isEmpty {
      complain(at: event.offset, "A value stands here without a key: write the key in front of the ':'.")
      return nil
    }
    if text.text == "<<", !text.isQuoted {
      complain(at: event.offset, "Merge keys (<<) are not supported: write the keys out, or repeat whole values.")
      return nil
    }
    return text.text
  }

  private mutating func scalar(_ content: String, _ style: YAMLScalarStyle, at offset: Int) -> Node {
    if content.utf8.contains(0) {
      complain(at: offset, "The text holds a NUL character, which nothing that it could be handed to can take.")
    }
    var text = text(content, style, at: offset)
    text.isQuoted = style == .singleQuoted || style == .doubleQuoted
    let type = style == .plain ? ConfigValue.YAMLType(plain: content) : .text
    return Node(value: .scalar(text, type), cost: content.utf8.count + 1)
  }

  private mutating func complain(at offset: Int, _ message: String) {
    if problems.count < Self.maximumProblems { problems.append(problem(at: offset, message)) }
  }

  private func problem(at offset: Int, _ message: String) -> ConfigProblem {
    ConfigProblem(position: source.position(at: offset), message: message)
  }

  private func text(_ content: String, _ style: YAMLScalarStyle = .plain, at offset: Int) -> ConfigText {
    source.text(of: content, style, at: offset)
  }
}

extension YAMLTree.Node {
  fileprivate mutating func add(_ child: YAMLTree.Node) {
    cost += child.cost
    height = max(height, child.height + 1)
  }
}
