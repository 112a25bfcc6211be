// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

extension ValueType where Value == Conditions? {
  /// A filter, a JSON object or a YAML map; the empty one has no conditions.
  static let conditions = ValueType(
    expected: "a JSON object of paths and what must hold there", isSingle: false, text: { _ in nil }
  ) { setting, report in
    switch setting.value {
    case .map:
      warnAboutWords(setting.value, report)
      return read(setting.value.json, setting, report)
    case .raw(let raw):
      let part = raw.jsonPart()
      if let problem = part.problem {
        report.add(problem)
        return nil
      }
      noteComments(raw, setting, report)
      return read(setting.interpolate(part.json, report), setting, report)
    case .scalar(let text, _):
      return read(text, setting, report)
    case .list(_, let position):
      return setting.wrongForm(position, "a map", report)
    }
  }

  private static func read(_ json: ConfigText, _ setting: Setting, _ report: Report) -> Conditions?? {
    // `.some(nil)`: the key is there and asks for nothing.
    if json.isEmpty { return .some(nil) }
    let document = JSONDocument()
    do throws(JSONError) {
      try document.parse(json.text)
    } catch {
      let position = error.offset.map { json.position(atUTF8: $0) } ?? json.position
      report.problem(at: position, "'\(setting.key)' is no JSON: \(error.reason)")
      return nil
    }
    guard document.root.kind == .object else {
      report.problem(
        at: json.position, "'\(setting.key)' is a JSON \(document.root.kind); expected an object, {\"path\": …}")
      return nil
    }
    if document.root.count == 0 { return .some(nil) }
    do throws(FilterErrors) {
      return Conditions(filter: try Filter(document.root), json: json)
    } catch {
      for problem in error.problems {
        let chain = ConditionPlace.chain(of: problem.place, in: document.root)
        report.problem(
          at: json.position(of: chain), "'\(setting.key)' at \(shortened(problem.place)): \(problem.message)")
      }
      return nil
    }
  }

  private static func noteComments(_ raw: ConfigText, _ setting: Setting, _ report: Report) {
    guard setting.speaksPython else { return }
    setting.noteComments(raw.withoutComments().comments, report)
  }

  /// YAML 1.1 took `yes`, `no`, `on` and `off` for booleans; here they are texts, so regexes.
  private static func warnAboutWords(_ value: ConfigValue, _ report: Report) {
    switch value {
    case .scalar(let text, .text) where !text.isQuoted:
      guard ["yes", "no", "on", "off", "y", "n"].contains(text.text.lowercased()) else { return }
      report.finding(
        .warning, at: text.position,
        "'\(text.text)' is the text '\(text.text)' here, no boolean; write true or false, or put the text in quotes")
    case .scalar, .raw: break
    case .list(let values, _): for value in values { warnAboutWords(value, report) }
    case .map(let entries, _): for entry in entries { warnAboutWords(entry.value, report) }
    }
  }
}
