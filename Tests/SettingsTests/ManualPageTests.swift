// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Settings

/// What onevent.conf(5) says of the keys, held against the table that the daemon reads them by.
@Suite struct ManualPageTests {
  /// One entry of the page: a name in bold, and in italics what it may be and what it is by default.
  struct Entry: Hashable, CustomStringConvertible {
    var section: String
    var key: String
    var value: String

    var description: String { "\(section): \(key): \(value)" }
  }

  static func page() throws -> String {
    try String(contentsOfFile: "\(Fixture.root)/packaging/man/onevent.conf.5", encoding: .utf8)
  }

  /// The entries of the sections that describe keys, in the order of the page, with the lines of prose of each.
  static func entries(_ page: String) -> [(entry: Entry, prose: [Substring])] {
    let titles = Set(sections.values)
    var entries: [(entry: Entry, prose: [Substring])] = []
    var section = ""
    var isTag = false
    for line in page.split(separator: "\n") {
      defer { isTag = line == ".TP" }
      if line.hasPrefix(".SH ") {
        section = String(line.dropFirst(4))
      } else if !titles.contains(section) {
        continue
      } else if isTag {
        entries.append((Entry(section: section, key: String(line.dropFirst(3)), value: ""), []))
      } else if let last = entries.indices.last, entries[last].entry.section == section {
        if line.hasPrefix(".I \""), line.hasSuffix("\"") {
          entries[last].entry.value = plain(line.dropFirst(4).dropLast())
        } else if !line.hasPrefix(".") {
          entries[last].prose.append(line)
        }
      }
    }
    return entries
  }

  /// Text without roff's escapes.
  private static func plain(_ text: Substring) -> String {
    text.replacingOccurrences(of: "\\-", with: "-").replacingOccurrences(of: "\\(dq", with: "\"")
      .replacingOccurrences(of: "\\e", with: "\\")
  }

  /// Where the page has the keys of a kind; those of actions that `[scripts]` knows too stand with the actions.
  static let sections: [SectionKind: String] = [
    .source: "SOURCES", .group: "GROUPS", .action: "ACTIONS", .scripts: "SCRIPTS", .journal: "JOURNAL", .api: "API",
    .log: "LOG",
  ]

  /// What the page has to say of the keys.
  static func expected() throws -> [Entry] {
    try KeyTable.all.map { key in
      let kind = try #require(key.kinds.first)
      let unit = key.unit.map { "; a bare number is \($0)" } ?? ""
      return Entry(
        section: try #require(sections[kind], "onevent.conf(5) has no section for \(kind)"), key: key.name,
        value: "\(key.type)\(unit); default: \(key.defaultText ?? "none")")
    }
  }

  /// Everything in which a page and the table differ, as sentences.
  static func differences(_ page: String) throws -> [String] {
    let said = entries(page).map(\.entry)
    let expected = try expected()
    func other(_ entry: Entry, in entries: [Entry]) -> String {
      entries.first { $0.section == entry.section && $0.key == entry.key }.map { "\"\($0.value)\"" } ?? "nothing"
    }
    return expected.filter { !said.contains($0) }.map { "the page says \(other($0, in: said)), Settings says \($0)" }
      + said.filter { !expected.contains($0) }.map { "the page says \($0), Settings says \(other($0, in: expected))" }
  }

  @Test("onevent.conf(5) has every key once, with its type, unit, range and default, and no other")
  func keys() throws {
    let page = try Self.page()
    let entries = Self.entries(page)
    for difference in try Self.differences(page) { Issue.record("\(difference)") }
    #expect(Set(entries.map(\.entry)).count == entries.count)
    for (entry, prose) in entries {
      #expect(prose.last?.hasSuffix(".") == true, "\(entry.key) is not described in sentences")
    }
  }

  @Test(
    "a key that is missing, a default, a unit, a range and a key that is no more are told",
    arguments: [
      (".B kill_after\n", ".B kill_before\n", "kill_after"), ("default: 30m", "default: 31m", "consumer_timeout"),
      ("1s to 1h; a bare number is seconds", "1s to 1h; a bare number is minutes", "heartbeat"),
      ("1MiB to 1024GiB", "1MiB to 512GiB", "max_size"), (".SH LOG\n", ".SH LOGS\n", "level"),
      (".SH JOURNAL\n", ".SH JOURNAL\n.TP\n.B colour\n.I \"a text; default: none\"\n.br\nNo more.\n", "colour"),
    ])
  func detects(text: String, replacement: String, key: String) throws {
    let page = try Self.page()
    #expect(page.contains(text))
    let spoilt = page.replacingOccurrences(of: text, with: replacement)
    #expect(try Self.differences(spoilt).contains { $0.contains(": \(key): ") })
  }

  @Test("the page says which keys of actions [scripts] does not know")
  func scripts() throws {
    let page = try Self.page()
    let own = KeyTable.all.filter { $0.kinds == [.action] }.map(\.name)
    let sentence = try #require(page.firstRange(of: "All but\n.BR "))
    let names = page[sentence.upperBound...].prefix { $0 != "\n" }
      .replacingOccurrences(of: "\" and \"", with: " ").replacingOccurrences(of: "\", \"", with: " ")
      .replacingOccurrences(of: "\"", with: " ").replacingOccurrences(of: ",", with: " ")
    #expect(Set(names.split(separator: " ").map(String.init)).subtracting(["and"]) == Set(own))
  }
}
