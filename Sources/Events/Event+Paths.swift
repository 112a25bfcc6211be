// SPDX-License-Identifier: Apache-2.0

extension Event {
  /// How many paths are listed at most.
  package static let pathLimit = 10_000

  /// Every addressable path with its value, payload first, in order of the text; then the envelope's.
  ///
  /// Lists and objects come before what is in them. A value that no path reaches, since its key is empty or reads as
  /// something else, is left out: every path of the result finds its value. Of an event with very many values only the
  /// first are listed, 10 000 at most.
  package func addressablePaths() -> [(path: String, value: FieldValue)] {
    var list = PathList(event: self)
    list.append(below: root, prefix: "")
    if form == .tags, let tags = payload.member("tags") { list.append(below: tags, prefix: "") }
    for fact in FieldPath.Fact.allCases { list.append("@\(fact.rawValue)") }
    for kind in objectKinds { list.append("@object.\(kind)") }
    var names: Set<String> = []
    for header in envelope.headers where names.insert(header.name).inserted { list.append("@header.\(header.name)") }
    forEachContextValue { name, _ in list.append("@context.\(String(decoding: name, as: UTF8.self))") }
    return list.paths
  }
}

/// Gathers paths of one event, in bounded time whatever the event is.
private struct PathList {
  let event: Event
  var paths: [(path: String, value: FieldValue)] = []
  /// Whether a key may read as something else, so that each path has to be looked up.
  private let isAmbiguous: Bool
  /// How many nodes may still be passed while looking up.
  private var budget = 5_000_000

  init(event: Event) {
    self.event = event
    isAmbiguous = event.form == .tags || event.root.holdsKey { $0.contains(where: \.endsName) }
  }

  mutating func append(_ text: String) {
    guard let path = try? FieldPath(text) else { return }
    let value = event.value(at: path)
    if !value.isMissing { paths.append((text, value)) }
  }

  mutating func append(below container: JSONValue, prefix: String) {
    switch container.kind {
    case .object:
      container.forEachDistinctMember { key, member in
        append(prefix + String(decoding: key, as: UTF8.self), member.unwrapped)
      }
    case .array:
      var index = 0
      container.forEachElement { element in
        append(prefix + String(index), element.unwrapped)
        index += 1
        return paths.count < Event.pathLimit
      }
    case .null, .false, .true, .number, .string: break
    }
  }

  private mutating func append(_ text: String, _ value: JSONValue) {
    guard paths.count < Event.pathLimit, finds(text, value) else { return }
    paths.append((text, .json(value)))
    append(below: value, prefix: text + ".")
  }

  private mutating func finds(_ text: String, _ value: JSONValue) -> Bool {
    if text.isEmpty || text.utf8.last == UInt8(ascii: ".") { return false }
    guard isAmbiguous || text.utf8.first == UInt8(ascii: "@") else { return true }
    guard budget > 0, let path = try? FieldPath(text) else { return false }
    budget -= event.root.nodeCount
    guard case .json(let found) = event.value(at: path) else { return false }
    return found.document === value.document && found.index == value.index
  }
}

extension UInt8 {
  /// Whether a path cannot have the byte within a name: a dot, a bracket, NUL.
  fileprivate var endsName: Bool {
    self == UInt8(ascii: ".") || self == UInt8(ascii: "[") || self == UInt8(ascii: "]") || self == 0
  }
}
