// SPDX-License-Identifier: Apache-2.0

/// Reads INI text in the shape that Python's `configparser` gives it with all defaults.
///
/// Sections and option names, `=` and `:`, lines that continue a value by being indented deeper, empty lines inside
/// values, lines that are comments: a file that `ConfigParser(interpolation=None)` reads gives the same names and values
/// here, and one that it refuses is refused. Where it stops at the first problem, this goes on and tells all of them.
/// What is different on purpose: a byte order mark is skipped, NUL is refused, and a comment may stand behind a section's
/// header even if it holds a `]`.
///
/// Values are handed on raw. Cutting comments, interpolating and splitting are functions of `ConfigText`, because whether
/// they apply depends on the key.
package enum INIReader {
  package static func read(_ text: String, file: String) -> ConfigDocument {
    read(Array(text.utf8), file: file)
  }

  package static func read(_ bytes: [UInt8], file: String) -> ConfigDocument {
    var document = ConfigDocument()
    do throws(ConfigProblem) {
      var parser = INIParser(source: try SourceText(bytes: bytes, file: file))
      document = parser.document()
    } catch {
      document.problems.append(error)
    }
    return document
  }
}

/// The state between two lines of an INI file.
private struct INIParser {
  /// Enough to see what is wrong; a file of another kind would give one per line.
  private static let maximumProblems = 1000
  private static let defaultName = "DEFAULT"

  private let source: SourceText
  private var result = ConfigDocument()
  /// Of the section that lines belong to now, in `result.sections`.
  private var section: Int?
  /// The sections by their names' bytes: unlike strings, these differ where Python's strings do.
  private var sections: [[UInt8]: Int] = [:]
  /// Where each option of the section stands; `DEFAULT` may be opened again and goes on with those it had.
  private var options: [[UInt8]: SourcePosition] = [:]
  /// The options that the section had under an earlier header of the same name, which was told as a problem.
  private var earlierOptions: [[UInt8]: SourcePosition] = [:]
  /// The options of the sections that were left.
  private var leftOptions: [Int: [[UInt8]: SourcePosition]] = [:]
  /// The option whose value may still grow.
  private var option: PendingOption?
  /// Whether deeper lines belong to a line that was refused: they are not worth a problem each.
  private var skipsDeeperLines = false
  private var indent = 0
  private var saidMissingHeader = false

  private struct PendingOption {
    var key: String
    var position: SourcePosition
    /// Whether the option was there already: the value is read to its end, but the first one stays.
    var isRepeated: Bool
    /// The lines of the value in the source.
    var lines: [Range<Int>]
  }

  init(source: SourceText) {
    self.source = source
  }

  mutating func document() -> ConfigDocument {
    for line in source.lines {
      read(line)
      guard result.problems.count < Self.maximumProblems else {
        complain(at: line.lowerBound, "There are more problems than these; fix them first.")
        break
      }
    }
    endOption()
    return result
  }

  private mutating func read(_ line: Range<Int>) {
    let content = source.scalars.trimmed(line)
    guard let first = content.first.map({ source.scalars[$0] }) else {
      option?.lines.append(line.lowerBound..<line.lowerBound)
      return
    }
    if first == "#" || first == ";" { return }
    let indent = content.lowerBound - line.lowerBound
    if indent > self.indent {
      if option != nil {
        option?.lines.append(content)
        return
      }
      if skipsDeeperLines { return }
    }
    self.indent = indent
    skipsDeeperLines = false
    endOption()
    if let name = headerName(content) {
      openSection(name, at: source.position(at: content.lowerBound))
    } else if section == nil {
      complainAboutMissingHeader(content)
    } else {
      readOption(content)
    }
  }

  // MARK: Sections

  /// Returns what stands between `[` and the last `]`, if anything does; text behind that `]` does not count.
  private func headerName(_ content: Range<Int>) -> String? {
    let scalars = source.scalars
    guard scalars[content.lowerBound] == "[" else { return nil }
    var end: Int?
    var index = content.lowerBound + 2
    while index < content.upperBound {
      if scalars[index] == "]" {
        end = index
        // A comment behind the header may hold brackets of its own.
        let next = source.scalars.trimmed(index + 1..<content.upperBound)
        if next.lowerBound > index + 1, let first = next.first, scalars[first] == "#" { break }
      }
      index += 1
    }
    return end.map { scalars.string(content.lowerBound + 1..<$0) }
  }

  private mutating func openSection(_ name: String, at position: SourcePosition) {
    if let section { leftOptions[section, default: earlierOptions].merge(options) { first, _ in first } }
    options = [:]
    earlierOptions = [:]
    guard let known = sections[Array(name.utf8)] else {
      result.sections.append(ConfigSection(name: name, position: position, entries: []))
      section = result.sections.count - 1
      sections[Array(name.utf8)] = section
      return
    }
    section = known
    if name == Self.defaultName {
      options = leftOptions[known] ?? [:]
    } else {
      earlierOptions = leftOptions[known] ?? [:]
      let first = result.sections[known].position
      complain(
        at: position,
        "The section [\(name)] is already there, in line \(first.line): rename one, or put their keys together.")
    }
  }

  private mutating func complainAboutMissingHeader(_ content: Range<Int>) {
    skipsDeeperLines = true
    guard !saidMissingHeader else { return }
    saidMissingHeader = true
    complain(
      at: content.lowerBound,
      "Found \(source.scalars.string(content).shown) before the first section: write [DEFAULT], or the section that it "
        + "belongs to, in a line above it.")
  }

  // MARK: Options

  private mutating func readOption(_ content: Range<Int>) {
    let scalars = source.scalars
    let text = scalars.string(content)
    guard let delimiter = content.first(where: { scalars[$0] == "=" || scalars[$0] == ":" }) else {
      skipsDeeperLines = true
      let isHeader = scalars[content.lowerBound] == "["
      complain(
        at: content.lowerBound,
        isHeader
          ? "Found \(text.shown), a section's header without a name or without its ']': write [NAME]."
          : "Found \(text.shown), which has no '=' and no value: write key = value. A line that continues the value above "
            + "is indented deeper than its key.")
      return
    }
    let written = scalars.trimmed(content.lowerBound..<delimiter)
    guard !written.isEmpty else {
      skipsDeeperLines = true
      complain(
        at: content.lowerBound, "Found \(text.shown), a value without a key: write the key in front of the '='.")
      return
    }
    let key = scalars.string(written).lowercased()
    let position = source.position(at: written.lowerBound)
    var value = scalars.trimmed(delimiter + 1..<content.upperBound)
    if value.isEmpty { value = content.upperBound..<content.upperBound }
    let name = Array(key.utf8)
    if let first = options[name] {
      complain(at: position, "The key \(key.shown) is already there, in line \(first.line): keep one of the two.")
    }
    let isRepeated = options[name] != nil || earlierOptions[name] != nil
    option = PendingOption(key: key, position: position, isRepeated: isRepeated, lines: [value])
    if options[name] == nil { options[name] = position }
  }

  private mutating func endOption() {
    guard var ended = option.take(), let section, !ended.isRepeated else { return }
    while ended.lines.count > 1, ended.lines.last?.isEmpty == true { ended.lines.removeLast() }
    let text = ConfigText(
      text: ended.lines.map { source.scalars.string($0) }.joined(separator: "\n"),
      lines: ended.lines.map { source.position(at: $0.lowerBound) })
    result.sections[section].entries.append(
      ConfigEntry(key: ended.key, position: ended.position, value: .raw(text)))
  }

  private mutating func complain(at offset: Int, _ message: String) {
    complain(at: source.position(at: offset), message)
  }

  private mutating func complain(at position: SourcePosition, _ message: String) {
    result.problems.append(ConfigProblem(position: position, message: message))
  }
}
