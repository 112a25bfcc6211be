// SPDX-License-Identifier: Apache-2.0

import ConfigText

/// One `name=value` of a setting.
struct Pair: Sendable {
  var name: ConfigText
  var value: ConfigText
  /// The value as it was written, with the quotes around all of it.
  var quoting = ConfigList.Item.Quoting.none
}

// The forms that a value can have. INI: the text is cut at its comments and interpolated. YAML: scalars are texts
// already, lists and maps native; a scalar where a list is expected is split as in INI. Nil = the report says why.
extension Setting {
  /// The one text of the value, without comments.
  func single(_ report: Report) -> ConfigText? {
    switch value {
    case .raw(let raw): cut(raw, report)
    case .scalar(let text, let type): present(text, type, report)
    case .list(_, let position), .map(_, let position): wrongForm(position, "one value", report)
    }
  }

  /// The value to the end of the line, whatever stands in it: for secrets.
  func whole(_ report: Report) -> ConfigText? {
    switch value {
    case .raw(let raw): interpolate(raw.trimmed(), report, isSecret: true)
    default: single(report)
    }
  }

  /// The items of a list; one that holds patterns may have `#` as an item, which is no comment then.
  func items(_ report: Report, holdsPatterns: Bool = false) -> [ConfigList.Item]? {
    switch value {
    case .raw(let raw):
      return cut(raw, report, keepsPatterns: holdsPatterns).flatMap { split($0, report) }
    case .scalar(let text, let type):
      return present(text, type, report).flatMap { split($0, report) }
    case .list(let values, _):
      var items: [ConfigList.Item] = []
      for value in values {
        guard case .scalar(let text, let type) = value else {
          return wrongForm(value.position, "one value in each item of the list", report)
        }
        guard present(text, type, report) != nil else { return nil }
        // Quotes inside of YAML's own are the list's: '"literal text"'.
        items.append(text.unquoted())
      }
      return items
    case .map(_, let position): return wrongForm(position, "a list", report)
    }
  }

  /// The entries of a list of `name=value`, or of a YAML map.
  func pairs(_ report: Report) -> [Pair]? {
    if case .map(let entries, _) = value {
      var pairs: [Pair] = []
      for entry in entries {
        guard case .scalar(let text, let type) = entry.value else {
          return wrongForm(entry.value.position, "one value for each name", report)
        }
        guard present(text, type, report) != nil else { return nil }
        let item = text.unquoted()
        pairs.append(
          Pair(
            name: ConfigText(text: entry.key, lines: [entry.position]), value: item.text, quoting: item.quoting))
      }
      return pairs
    }
    guard let items = items(report) else { return nil }
    var pairs: [Pair] = []
    for item in items {
      guard let equals = item.text.text.firstIndex(of: "=") else {
        report.problem(
          at: item.position, "'\(key)' has the entry '\(shortened(item.text.text))'; expected NAME=value")
        return nil
      }
      let offset = item.text.text.unicodeScalars.distance(from: item.text.text.startIndex, to: equals)
      let value = item.text.part(from: offset + 1).trimmed().unquoted()
      pairs.append(Pair(name: item.text.part(to: offset).trimmed(), value: value.text, quoting: value.quoting))
    }
    return pairs
  }

  func wrongForm<Value>(_ position: SourcePosition, _ expected: String, _ report: Report) -> Value? {
    report.problem(at: position, "'\(key)' has a list or map here; expected \(expected)")
    return nil
  }

  // MARK: Text

  private func split(_ text: ConfigText, _ report: Report) -> [ConfigList.Item]? {
    let list = text.commaList()
    for problem in list.problems { report.add(problem) }
    guard list.problems.isEmpty else { return nil }
    return list.items
  }

  private func present(_ text: ConfigText, _ type: ConfigValue.YAMLType, _ report: Report) -> ConfigText? {
    guard type != .null else {
      report.problem(at: text.position, "'\(key)' has no value; write one, or remove the key to have its default")
      return nil
    }
    return text
  }

  private func cut(_ raw: ConfigText, _ report: Report, keepsPatterns: Bool = false) -> ConfigText? {
    let (text, comments) = raw.withoutComments(keepsPatterns: keepsPatterns)
    noteComments(comments, report)
    return interpolate(text, report)
  }

  func noteComments(_ comments: [ConfigText], _ report: Report) {
    guard speaksPython, let comment = comments.first else { return }
    report.finding(
      .difference, at: comment.position,
      "a comment ends the value of '\(key)' here; the Python listener took it for a part of the value")
  }

  func interpolate(_ text: ConfigText, _ report: Report, isSecret: Bool = false) -> ConfigText {
    let result = text.interpolated { names[$0] }
    switch result {
    case .unchanged: break
    case .interpolated(let shownText):
      // A value that names a secret holds it now.
      let hides = isSecret || ["password", "url"].contains { text.text.lowercased().contains("%(\($0))s") }
      let shown = hides ? "" : ": '\(shortened(shownText.text))'"
      report.finding(
        .note, at: valuePosition, "the '%' in '\(key)' is interpolated, as Python's configparser does it\(shown)")
    case .literal(_, let reason):
      report.finding(.note, at: valuePosition, "every '%' in '\(key)' stands for itself, doubled ones too")
      if speaksPython {
        report.finding(
          .difference, at: reason.position,
          "the '%' in '\(key)' stands for itself; the Python listener did not start with it, because this is no "
            + "interpolation that configparser knows")
      }
    }
    return result.text
  }
}

extension ConfigText {
  /// The text before a scalar.
  func part(to offset: Int) -> ConfigText { part(0..<offset) }

  /// The text from a scalar on.
  func part(from offset: Int) -> ConfigText { part(offset..<text.unicodeScalars.count) }

  private func part(_ range: Range<Int>) -> ConfigText {
    let scalars = text.unicodeScalars
    guard let start = scalars.index(scalars.startIndex, offsetBy: range.lowerBound, limitedBy: scalars.endIndex),
      let end = scalars.index(start, offsetBy: max(range.count, 0), limitedBy: scalars.endIndex)
    else { return ConfigText(text: "", lines: [position]) }
    let part = String(scalars[start..<end])
    var lines: [SourcePosition] = []
    var offset = range.lowerBound
    for line in part.split(separator: "\n", omittingEmptySubsequences: false) {
      lines.append(position(atScalar: offset))
      offset += line.unicodeScalars.count + 1
    }
    return ConfigText(text: part, lines: lines)
  }
}
