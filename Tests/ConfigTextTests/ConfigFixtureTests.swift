// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Foundation
import Testing

/// The tables in Tests/Fixtures/config: what files mean, and what is wrong with them.
@Suite struct ConfigFixtureTests {
  @Test("a good file has the sections, keys, values and positions of its .document", arguments: try fixtures("document"))
  func goodFile(path: String) throws {
    let document = ConfigFile.read(path)
    #expect(document.problems.map(\.description) == [])
    let expected = try String(contentsOfFile: path + ".document", encoding: .utf8)
    #expect(document.outline == expected)
  }

  @Test("a bad file has each of the problems of its .syntax and no other", arguments: try fixtures("syntax"))
  func badFile(path: String) throws {
    let problems = ConfigFile.read(path).problems
    let expected = try String(contentsOfFile: path + ".syntax", encoding: .utf8).split(separator: "\n")
    #expect(problems.count == expected.count, "\(problems.map(\.description).joined(separator: "\n"))")
    for (problem, line) in zip(problems, expected) {
      let fragment = line.split(separator: " ", maxSplits: 1)
      #expect(problem.position.file == path)
      #expect("\(problem.position.line):\(problem.position.column)" == fragment[0], "\(problem)")
      #expect(problem.message.contains(fragment[1]), "\(problem)")
    }
  }

  @Test("the documented example of the Python listener means what it says, its comments cut")
  func documentedExample() throws {
    let document = ConfigFile.read(fixture("automated-workflows.conf"))
    #expect(document.problems.isEmpty)
    #expect(document.sections.map(\.name) == ["DEFAULT", "fulfill", "delete"])
    #expect(try document.text("DEFAULT", "password").text == "s3cret%#:x")
    let queues = try document.text("DEFAULT", "queues").withoutComments().text.commaList()
    #expect(
      queues.items.map(\.text.text)
        == ["esi_leap_versioned_notifications.info", "esi_leap_versioned_notifications.error"])
    for (section, time) in [("fulfill", "fulfill_time"), ("delete", "expire_time")] {
      let (params, comments) = try document.text(section, "script_params").withoutComments()
      #expect(params.commaList().items.map(\.text.text) == ["node_name", time])
      #expect(comments.map(\.text) == ["# values from the event payload to be passed into the script"])
      let filter = try document.text(section, "filter_params").jsonPart()
      #expect(filter.json.text == #"{"purpose": "test", "properties.vendor": "foo"}"#)
      #expect(filter.problem == nil)
    }
  }

  @Test("the example as published is refused at the line and column of its stray brace")
  func publishedExample() throws {
    let path = fixture("automated-workflows-as-published.conf")
    let part = try ConfigFile.read(path).text("delete", "filter_params").jsonPart()
    let problem = try #require(part.problem)
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
    let line = try #require(lines.firstIndex { $0.contains("}}") })
    let brace = try #require(lines[line].range(of: "}}"))
    let column = lines[line].distance(from: lines[line].startIndex, to: brace.lowerBound) + 2
    #expect(problem.position == SourcePosition(file: path, line: line + 1, column: column))
    #expect(problem.message.contains("'}'"))
    #expect(try ConfigFile.read(path).text("fulfill", "filter_params").jsonPart().problem == nil)
  }
}

/// The path of a file in Tests/Fixtures/config.
private func fixture(_ name: String) -> String {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/config").appendingPathComponent(name).path
}

/// The fixtures that have a file with this ending beside them; there has to be one.
private func fixtures(_ ending: String) throws -> [String] {
  let paths = try ["good", "bad"].flatMap { folder in
    try FileManager.default.contentsOfDirectory(atPath: fixture(folder)).sorted()
      .filter { $0.hasSuffix("." + ending) }
      .map { fixture(folder) + "/" + $0.dropLast(ending.count + 1) }
  }
  try #require(!paths.isEmpty)
  return paths
}

extension ConfigDocument {
  func text(_ section: String, _ key: String) throws -> ConfigText {
    let entry = sections.first { $0.name == section }?.entries.first { $0.key == key }
    guard case .raw(let text) = try #require(entry?.value) else { throw ConfigTestError.notRaw }
    return text
  }

  /// Sections, keys and values, one to a line, each with its place.
  var outline: String {
    var outline = ""
    for section in sections {
      outline += "\(place(section.position)) [\(section.name)]\n"
      for entry in section.entries { outline += entry.outline(indent: "  ") }
    }
    for entry in unknown { outline += "unknown\n" + entry.outline(indent: "  ") }
    return outline
  }
}

enum ConfigTestError: Error { case notRaw }

private func place(_ position: SourcePosition) -> String { "\(position.line):\(position.column)" }

extension ConfigEntry {
  fileprivate func outline(indent: String) -> String {
    "\(indent)\(place(position)) \(key)\n" + value.outline(indent: indent + "  ")
  }
}

extension ConfigValue {
  fileprivate func outline(indent: String) -> String {
    switch self {
    case .raw(let text): return text.outline(indent: indent, "")
    case .scalar(let text, let type): return text.outline(indent: indent, "\(type)\(text.isQuoted ? " quoted" : "") ")
    case .list(let items, let position):
      return "\(indent)\(place(position)) list\n" + items.map { $0.outline(indent: indent + "  ") }.joined()
    case .map(let entries, let position):
      return "\(indent)\(place(position)) map\n" + entries.map { $0.outline(indent: indent + "  ") }.joined()
    }
  }
}

extension ConfigText {
  fileprivate func outline(indent: String, _ kind: String) -> String {
    zip(lines, text.split(separator: "\n", omittingEmptySubsequences: false)).map { position, line in
      "\(indent)\(place(position)) \(kind)'\(line)'\n"
    }.joined()
  }
}
