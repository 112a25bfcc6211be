// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// What a value means that meant something else to the Python listener; only where the file has such a value.
struct ListenerDifferences {
  let section: Section
  let report: Report

  /// Looks at an action.
  func look(_ conditions: Conditions?) {
    lookForSpaces()
    if let conditions { lookForAnchors(conditions) }
    lookForQuotes()
    if let setting = section.setting("script_params"), !(setting.items(Report()) ?? []).isEmpty {
      report.finding(
        .difference, at: setting.position,
        "each entry gives exactly one argument, and a value that is missing stops the run; the Python listener joined the "
          + "values with spaces and gave the line to a shell, and ended at a missing one")
    }
  }

  /// The Python listener split lists at commas and left the spaces in the names.
  func lookForSpaces() {
    for (key, consequence) in [
      ("events", "such an event never matched"), ("script_params", "it ended at the first such value"),
      ("queues", "it made and read a queue of such a name"),
    ] {
      guard let setting = section.setting(key), case .raw(let raw) = setting.value else { continue }
      let names = raw.withoutComments(keepsPatterns: key == "events").text.text
        .split(separator: ",", omittingEmptySubsequences: false)
      guard names.contains(where: { $0.first?.isWhitespace == true || $0.last?.isWhitespace == true }) else { continue }
      report.finding(
        .difference, at: setting.valuePosition,
        "spaces around the names in '\(key)' are left out; to the Python listener they were part of the names, so that "
          + consequence)
    }
  }

  /// Regexes are anchored at the start only, now as then; that surprises where one looks like a whole value.
  private func lookForAnchors(_ conditions: Conditions) {
    let document = JSONDocument()
    guard (try? document.parse(conditions.json.text)) != nil else { return }
    document.root.forEachMember { bytes, value in
      let key = String(decoding: bytes, as: UTF8.self)
      let text = value.text
      guard value.kind == .string, !key.hasPrefix("@"), !text.isEmpty,
        text.unicodeScalars.allSatisfy({ $0.properties.isAlphabetic || "0123456789_- |".unicodeScalars.contains($0) })
      else { return true }
      report.finding(
        .difference, at: conditions.json.position(of: [key]),
        "'\(shortened(text))' is a regex that must match at the start only, as it was: '\(longer(text))' matches too; "
          + "for exactly this value write \(exact(text))")
      return true
    }
  }

  /// The condition that holds for the alternatives of a regex and nothing else.
  private func exact(_ text: String) -> String {
    let values = text.split(separator: "|").map { shortened(String($0)).quotedAsJSON }
    return values.count > 1 ? "{\"in\": [\(values.joined(separator: ", "))]}" : "{\"eq\": \(values.joined())}"
  }

  /// A value that a regex of letters takes although it is longer than the regex.
  private func longer(_ text: String) -> String {
    let last = text.split(separator: "|").last.map(String.init) ?? text
    return shortened(last) + (last.last?.isNumber == true ? "0" : "ing")
  }

  private func lookForQuotes() {
    guard let setting = section.setting("script"), let text = setting.single(Report()),
      text.text.contains(where: { "\"'\\".contains($0) })
    else { return }
    report.finding(
      .difference, at: setting.valuePosition,
      "the quotes and backslashes of 'script' are taken as a shell takes them, without a shell: nothing else is expanded"
    )
  }
}
