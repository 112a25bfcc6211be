// SPDX-License-Identifier: Apache-2.0

/// What became of the `%` in a value.
package enum Interpolated: Sendable {
  /// There is none.
  case unchanged(ConfigText)
  /// `%%` became `%`, and `%(name)s` the value of that name, as `configparser` does it.
  case interpolated(ConfigText)
  /// `configparser` would have refused the value, for this reason; each `%` stands for itself.
  case literal(ConfigText, because: ConfigProblem)

  package var text: ConfigText {
    switch self {
    case .unchanged(let text), .interpolated(let text), .literal(let text, _): text
    }
  }
}

extension ConfigText {
  /// Interpolates exactly where `configparser.BasicInterpolation` would accept the value; any other stays as it is.
  ///
  /// `lookup` gives the raw value of a name, which comes in lower case: from the section, else from DEFAULT.
  package func interpolated(lookup: (String) -> ConfigText?) -> Interpolated {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return .unchanged(self) }
    var interpolation = Interpolation(builder: TextBuilder(at: position))
    do throws(ConfigProblem) {
      try interpolation.expand(ScalarText(self), depth: 1, lookup: lookup)
      return .interpolated(interpolation.builder.text)
    } catch {
      return .literal(self, because: error)
    }
  }
}

extension ConfigSection {
  /// Interpolates a value of this section with the section's own names, else those of `defaults`.
  package func interpolated(_ value: ConfigText, defaults: ConfigSection?) -> Interpolated {
    value.interpolated { name in rawText(of: name) ?? defaults?.rawText(of: name) }
  }

  private func rawText(of name: String) -> ConfigText? {
    for entry in entries where entry.key.utf8.elementsEqual(name.utf8) {
      if case .raw(let text) = entry.value { return text }
    }
    return nil
  }
}

/// One value's interpolation on its way.
private struct Interpolation {
  /// `configparser.MAX_INTERPOLATION_DEPTH`.
  private static let maximumDepth = 10
  /// Values that name each other ten deep could grow without end; no value needs this many names or characters.
  private static let maximumReferences = 10_000
  private static let maximumCount = SourceText.maximumSize

  var builder: TextBuilder
  private var references = 0

  init(builder: TextBuilder) {
    self.builder = builder
  }

  mutating func expand(
    _ source: ScalarText, depth: Int, lookup: (String) -> ConfigText?
  ) throws(ConfigProblem) {
    guard depth <= Self.maximumDepth else {
      throw problem(source, 0, "the names refer to each other more than \(Self.maximumDepth) deep")
    }
    var offset = 0
    while offset < source.count {
      guard source[offset] == "%" else {
        let end = source.scalars[offset...].firstIndex(of: "%") ?? source.count
        builder.append(source, offset..<end)
        offset = end
        continue
      }
      switch source[offset + 1] {
      case "%":
        builder.append(source, offset..<offset + 1)
        offset += 2
      case "(":
        offset = try expandReference(source, at: offset, depth: depth, lookup: lookup)
      default:
        throw problem(source, offset, "behind it stands neither '%' nor '(name)s'")
      }
      guard builder.count <= Self.maximumCount else {
        throw problem(source, offset, "with its names put in, the value has more than \(Self.maximumCount) characters")
      }
    }
  }

  /// Puts in the value of the name at `offset` and returns the offset behind it.
  private mutating func expandReference(
    _ source: ScalarText, at offset: Int, depth: Int, lookup: (String) -> ConfigText?
  ) throws(ConfigProblem) -> Int {
    guard let close = source.scalars[(offset + 2)...].firstIndex(of: ")"), close > offset + 2, source[close + 1] == "s"
    else {
      throw problem(source, offset, "'%(' is not followed by a name and ')s'")
    }
    let name = source.scalars.string(offset + 2..<close).lowercased()
    guard let value = lookup(name) else {
      throw problem(source, offset, "neither the section nor [DEFAULT] has a key \(name.shown)")
    }
    references += 1
    guard references <= Self.maximumReferences else {
      throw problem(source, offset, "the value names more than \(Self.maximumReferences) others")
    }
    let text = ScalarText(value)
    if text.scalars.contains("%") {
      try expand(text, depth: depth + 1, lookup: lookup)
    } else {
      builder.append(text, 0..<text.count)
    }
    return close + 2
  }

  private func problem(_ source: ScalarText, _ offset: Int, _ reason: String) -> ConfigProblem {
    ConfigProblem(
      position: source.position(at: offset), message: "The '%' is taken as it stands, not as interpolation: \(reason).")
  }
}
