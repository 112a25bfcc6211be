// SPDX-License-Identifier: Apache-2.0

extension Parameter {
  /// What a parameter gives for an event.
  struct Argument {
    var bytes: [UInt8] = []
    /// Whether the first byte comes from the event and not from the configuration.
    var beginsWithValue = false
  }

  /// Resolves the argument.
  ///
  /// A text as it is; a number by its own text; `true`, `false`; null as an empty text; lists and objects as compact
  /// JSON in their order, versioned objects unwrapped.
  ///
  /// - Throws: `Refusal` where a value is missing, or holds a NUL byte, which ends an argument.
  func argument(for event: Event) throws(Refusal) -> Argument {
    var argument = Argument()
    for part in parts {
      switch part {
      case .text(let text): argument.bytes.append(contentsOf: text.utf8)
      case .value(let path, let absence):
        let value = event.value(at: path)
        let wasEmpty = argument.bytes.isEmpty
        if case .text(let text) = absence, value.isMissing || value.isNull {
          argument.bytes.append(contentsOf: text.utf8)
        } else if !value.isMissing {
          value.appendArgument(to: &argument.bytes)
          if wasEmpty, !argument.bytes.isEmpty { argument.beginsWithValue = true }
        } else if case .refused = absence {
          throw missing(path, event)
        }
      }
    }
    if argument.bytes.contains(0) {
      throw refusal("holds a NUL byte, which no argument can hold: read the event on standard input instead")
    }
    return argument
  }

  func refusal(_ reason: String) -> Refusal {
    Refusal(description: "The parameter \(shortened(description)) \(reason).")
  }

  private func missing(_ path: FieldPath, _ event: Event) -> Refusal {
    let siblings = event.paths(beside: path)
    var reason = "reads \(path), but " + event.reasonMissing(path)
    if !siblings.isEmpty {
      let near = nearest(to: path.description, among: siblings)
      let shown = siblings.prefix(12).map { shortened($0, to: 60) }.joined(separator: ", ")
      reason += "; beside it \(siblings.count == 1 ? "is" : "are") \(shown)\(siblings.count > 12 ? ", …" : "")"
      if let near { reason += " (did you mean \(shortened(near, to: 60))?)" }
    }
    return refusal(reason + ". Write \(path)? where it may be missing, or \(path):-DEFAULT")
  }
}

extension FieldValue {
  /// Appends the value as it stands in an argument.
  func appendArgument(to bytes: inout [UInt8]) {
    let isScalar = withScalarText { text in
      if let text { bytes.append(contentsOf: text) }
      return text != nil
    }
    if !isScalar, !isNull, !isMissing { appendJSON(to: &bytes) }
  }
}

extension Event {
  /// The paths that an event has at the same level as one that it lacks, the first hundred of them.
  ///
  /// Looks at the members themselves and not at `addressablePaths`: a sender can give an object a million keys.
  fileprivate func paths(beside path: FieldPath) -> [String] {
    let text = path.description
    if text.hasPrefix("@header.") { return envelope.headers.prefix(100).map { "@header." + $0.name } }
    guard !text.hasPrefix("@") else { return [] }
    var parent = root
    var prefix = ""
    if let dot = text.lastIndex(of: ".") {
      guard let path = try? FieldPath(String(text[..<dot])), case .json(let value) = value(at: path) else { return [] }
      parent = value
      prefix = String(text[...dot])
    }
    var paths: [String] = []
    parent.forEachMember { key, _ in
      // Longer names are nobody's fields, and would fill the message.
      if key.count <= 200 { paths.append(prefix + String(decoding: key, as: UTF8.self)) }
      return paths.count < 100
    }
    return paths
  }
}
