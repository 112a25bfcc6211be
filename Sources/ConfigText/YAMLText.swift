// SPDX-License-Identifier: Apache-2.0

/// YAML that is no configuration: one document, as the same value in JSON.
///
/// Typed and bounded as configurations are, see `YAMLReader`: only `true`, `false`, `null` and the numbers of JSON are
/// typed, keys that are there twice, tags and merge keys are refused, and there may be 64 levels and 1 MiB.
package enum YAMLText {
  /// The JSON text of a document; `null` for a text without one.
  ///
  /// - Throws: The first thing that is wrong with it, with its place.
  package static func json(_ bytes: [UInt8]) throws(ConfigProblem) -> [UInt8] {
    let source = try SourceText(bytes: bytes, file: "")
    guard let events = YAMLEvents(source.utf8) else {
      throw ConfigProblem(position: source.position(at: 0), message: "There is not enough memory to read it.")
    }
    var tree = YAMLTree(source: source, events: events)
    let value = try tree.document()
    if let problem = tree.problems.first { throw problem }
    return Array((value?.json.text ?? "null").utf8)
  }
}

extension SourceText {
  /// The text without the byte order mark, which libyaml would count as a column.
  var utf8: [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(scalars.count)
    for scalar in scalars { text.append(contentsOf: UTF8.encode(scalar) ?? .init()) }
    return text
  }
}
