// SPDX-License-Identifier: Apache-2.0

extension Event {
  /// Every addressable path with its value, payload first, in order of the text; then the envelope's.
  ///
  /// Lists and objects come before what is in them. A value that no path reaches, since its key is empty or reads as
  /// something else, is left out: every path of the result finds its value. For people and error messages: looks up
  /// each path once.
  package func addressablePaths() -> [(path: String, value: FieldValue)] {
    var paths: [(path: String, value: FieldValue)] = []
    appendPaths(below: root, prefix: "", to: &paths)
    if form == .tags, let tags = payload.member("tags") { appendPaths(below: tags, prefix: "", to: &paths) }
    for fact in FieldPath.Fact.allCases { appendPath("@\(fact.rawValue)", to: &paths) }
    for kind in objectKinds { appendPath("@object.\(kind)", to: &paths) }
    var names: Set<String> = []
    for header in envelope.headers where names.insert(header.name).inserted {
      appendPath("@header.\(header.name)", to: &paths)
    }
    forEachContextValue { name, _ in appendPath("@context.\(String(decoding: name, as: UTF8.self))", to: &paths) }
    return paths
  }

  private func appendPath(_ text: String, to paths: inout [(path: String, value: FieldValue)]) {
    guard let path = try? FieldPath(text) else { return }
    let value = value(at: path)
    if !value.isMissing { paths.append((text, value)) }
  }

  private func appendPaths(
    below container: JSONValue, prefix: String, to paths: inout [(path: String, value: FieldValue)]
  ) {
    func append(_ text: String, _ child: JSONValue) {
      let target = child.unwrapped
      guard let path = try? FieldPath(text), case .json(let found) = value(at: path),
        found.document === target.document, found.index == target.index
      else { return }
      paths.append((text, .json(target)))
      appendPaths(below: target, prefix: text + ".", to: &paths)
    }
    switch container.kind {
    case .object:
      container.forEachDistinctMember { key, member in append(prefix + String(decoding: key, as: UTF8.self), member) }
    case .array:
      var index = 0
      container.forEachElement { element in
        append(prefix + String(index), element)
        index += 1
        return true
      }
    case .null, .false, .true, .number, .string: break
    }
  }
}
