// SPDX-License-Identifier: Apache-2.0

/// Reads YAML text as the same sections that INI has.
///
/// At the top stands a map: `sources`, `actions` and `groups` hold maps of named sections, which become `source:NAME`,
/// `action:NAME` and `group:NAME`; `scripts`, `journal`, `api` and `log` are sections themselves. Other names go to
/// `ConfigDocument.unknown`. Only `true`, `false`, `null` and the numbers of JSON are typed.
///
/// Refused: keys twice in a map, `<<`, tags, keys that are maps or lists, more than one document, more than 64 levels,
/// more than 1 MiB, aliases that would repeat more than that.
package enum YAMLReader {
  private static let families = ["sources": "source", "actions": "action", "groups": "group"]
  private static let single: Set<String> = ["scripts", "journal", "api", "log"]

  package static func read(_ text: String, file: String) -> ConfigDocument {
    read(Array(text.utf8), file: file)
  }

  package static func read(_ bytes: [UInt8], file: String) -> ConfigDocument {
    var document = ConfigDocument()
    do throws(ConfigProblem) {
      let source = try SourceText(bytes: bytes, file: file)
      guard let events = YAMLEvents(source.utf8) else {
        throw ConfigProblem(position: source.position(at: 0), message: "There is not enough memory to read the file.")
      }
      var tree = YAMLTree(source: source, events: events)
      let value: ConfigValue?
      do throws(ConfigProblem) {
        value = try tree.document()
      } catch {
        document.problems = tree.problems + [error]
        return document
      }
      document.problems = tree.problems
      if let value { document.read(top: value) }
    } catch {
      document.problems.append(error)
    }
    document.problems.sort { ($0.position.line, $0.position.column) < ($1.position.line, $1.position.column) }
    return document
  }

  fileprivate static func kind(ofTop name: String) -> TopKind {
    if let family = families[name] { return .family(family) }
    return single.contains(name) ? .section : .unknown
  }

  fileprivate enum TopKind {
    case family(String)
    case section
    case unknown
  }
}

extension ConfigDocument {
  fileprivate mutating func read(top value: ConfigValue) {
    guard let entries = map(value, of: "The file", expecting: "sources, actions, groups, scripts, journal, api or log")
    else { return }
    for entry in entries {
      switch YAMLReader.kind(ofTop: entry.key) {
      case .family(let family): readFamily(family, entry)
      case .section: readSection(entry.key, entry)
      case .unknown: unknown.append(entry)
      }
    }
  }

  private mutating func readFamily(_ family: String, _ entry: ConfigEntry) {
    guard let members = map(entry.value, of: "'\(entry.key)'", expecting: "a name for each \(family)") else { return }
    for member in members { readSection("\(family):\(member.key)", member) }
  }

  private mutating func readSection(_ name: String, _ entry: ConfigEntry) {
    guard let entries = map(entry.value, of: entry.key.shown, expecting: "its keys") else { return }
    sections.append(ConfigSection(name: name, position: entry.position, entries: entries))
  }

  /// Returns the entries of a map, none for null, and tells anything else as a problem.
  private mutating func map(_ value: ConfigValue, of what: String, expecting keys: String) -> [ConfigEntry]? {
    let found: String
    switch value {
    case .map(let entries, _): return entries
    case .scalar(_, .null): return []
    case .list: found = "a list"
    case .scalar(let text, _), .raw(let text): found = text.text.shown
    }
    problems.append(
      ConfigProblem(position: value.position, message: "\(what) has to be a map of \(keys), but here stands \(found)."))
    return nil
  }
}
