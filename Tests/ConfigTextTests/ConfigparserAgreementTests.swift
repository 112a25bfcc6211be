// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Foundation
import ProgramFixture
import Testing

/// Reads the same files with Python's configparser and here, and compares.
@Suite struct ConfigparserAgreementTests {
  /// What is different on purpose: the one list of it.
  ///
  /// Generated documents that hold one of these are left out; each has a sample that shows the difference.
  private static let ownDialect: [OwnDialect] = [
    OwnDialect(
      what: "a byte order mark at the beginning",
      why: "editors on Windows write one; configparser takes it for text before the first section",
      sample: "\u{FEFF}[a]\nk = v\n", python: nil, ours: "[a] k=v",
      applies: { $0.hasPrefix("\u{FEFF}") }),
    OwnDialect(
      what: "NUL",
      why: "nothing that a value is handed to can take it, argv least of all",
      sample: "[a]\nk = v\u{0}\n", python: "[a] k=v\u{0}", ours: nil,
      applies: { $0.unicodeScalars.contains("\u{0}") }),
    OwnDialect(
      what: "a bracket in a comment behind a header",
      why: "an inline comment ends a header as it ends a value; configparser makes it part of the name",
      sample: "[a]  # see [b]\nk = v\n", python: "[a]  # see [b] k=v", ours: "[a] k=v",
      applies: { text in
        text.split(whereSeparator: \.isNewline).contains { line in
          line.contains("[") && line.range(of: "\\]\\s+#.*\\]", options: .regularExpression) != nil
        }
      }),
    OwnDialect(
      what: "a capital sigma at the end of a key",
      why: "Python's lower() knows the rules of Greek spelling; no key of ours has one",
      sample: "[a]\nΟΔΟΣ = v\n", python: "[a] οδος=v", ours: "[a] οδοσ=v",
      applies: { $0.unicodeScalars.contains("Σ") }),
    OwnDialect(
      what: "more than 1 MiB",
      why: "nothing that comes from a file may grow without bound",
      sample: "[a]\nk = v\n" + String(repeating: "#", count: 1 << 20), python: "[a] k=v", ours: nil,
      applies: { $0.utf8.count > 1 << 20 }),
  ]

  @Test("4 000 generated documents mean the same to Python's configparser, interpolation included")
  func generatedDocuments() throws {
    var generated = GeneratedINI(seed: 20_240_607)
    var documents: [String] = []
    while documents.count < 4000 {
      let document = generated.document()
      if !Self.ownDialect.contains(where: { $0.applies(document) }) { documents.append(document) }
    }
    let answers = try ConfigparserAnswer.ask(about: documents)
    try #require(answers.count == documents.count)
    var accepted = 0
    var interpolated = 0
    var refusedInterpolations = 0
    for (document, answer) in zip(documents, answers) {
      let ours = INIReader.read(document, file: "generated.conf")
      accepted += answer.error == nil ? 1 : 0
      guard answer.error == nil, ours.problems.isEmpty else {
        #expect(
          (answer.error == nil) == ours.problems.isEmpty, "\(document.debugDescription) \(answer) \(ours.problems)")
        continue
      }
      #expect(ours.plain == answer.plain, "\(document.debugDescription)")
      let values = ours.interpolatedValues
      #expect(Set(values) == answer.interpolatedValues, "\(document.debugDescription)")
      for value in values where value.isInterpolated {
        if value.value == nil { refusedInterpolations += 1 } else { interpolated += 1 }
      }
    }
    // A generator that makes only nonsense, or never any, would agree about nothing.
    #expect(accepted > 1000)
    #expect(documents.count - accepted > 1000)
    #expect(interpolated > 1000)
    #expect(refusedInterpolations > 1000)
  }

  @Test("what is different from configparser on purpose is different indeed")
  func ownDialectDiffers() throws {
    let answers = try ConfigparserAnswer.ask(about: Self.ownDialect.map(\.sample))
    try #require(answers.count == Self.ownDialect.count)
    for (difference, answer) in zip(Self.ownDialect, answers) {
      #expect(difference.applies(difference.sample), "\(difference.what)")
      let ours = INIReader.read(difference.sample, file: "sample.conf")
      #expect((answer.error == nil ? answer.plain.rendered : nil) == difference.python, "\(difference.what)")
      #expect((ours.problems.isEmpty ? ours.plain.rendered : nil) == difference.ours, "\(difference.what)")
    }
  }

  @Test("a difference in one character is seen")
  func detectorDetects() throws {
    let answer = try #require(try ConfigparserAnswer.ask(about: ["[a]\nk = %%x\n"]).first)
    let same = INIReader.read("[a]\nk = %%x\n", file: "same.conf")
    let other = INIReader.read("[a]\nk = %%X\n", file: "other.conf")
    #expect(same.plain == answer.plain)
    #expect(other.plain != answer.plain)
    #expect(Set(same.interpolatedValues) == answer.interpolatedValues)
    #expect(Set(other.interpolatedValues) != answer.interpolatedValues)
  }
}

private struct OwnDialect: Sendable {
  var what: String
  var why: String
  var sample: String
  /// How the two read the sample; nil where they refuse it.
  var python: String?
  var ours: String?
  var applies: @Sendable (String) -> Bool
}

/// Sections, keys and raw values; scalars, not strings, since Python does not compare by canonical equivalence.
private struct PlainDocument: Equatable, CustomStringConvertible {
  var sections: [[[Unicode.Scalar]]]

  init(_ sections: [(String, [(String, String)])]) {
    self.sections = sections.map { name, entries in
      [Array(name.unicodeScalars)]
        + entries.flatMap { [Array($0.0.unicodeScalars), Array($0.1.unicodeScalars)] }
    }
  }

  var rendered: String {
    sections.map { section in
      let texts = section.map { String(String.UnicodeScalarView($0)) }
      let pairs = stride(from: 1, to: texts.count, by: 2).map { " \(texts[$0])=\(texts[$0 + 1])" }
      return "[\(texts[0])]" + pairs.joined()
    }.joined(separator: " ")
  }

  var description: String { rendered.debugDescription }
}

extension ConfigDocument {
  fileprivate var plain: PlainDocument {
    let sections = sections.map { section in (section.name, section.entries.map { ($0.key, $0.value.rawText) }) }
    let defaults = sections.filter { $0.0 == "DEFAULT" && !$0.1.isEmpty }
    return PlainDocument(defaults + sections.filter { $0.0 != "DEFAULT" })
  }

  /// What each key of each section means with interpolation, inherited keys included; nil where it stays literal.
  fileprivate var interpolatedValues: [InterpolatedValue] {
    let defaults = sections.first { $0.name == "DEFAULT" }
    return sections.flatMap { section in
      let own = Set(section.entries.map { Array($0.key.utf8) })
      let inherited = section.name == "DEFAULT" ? [] : defaults?.entries.filter { !own.contains(Array($0.key.utf8)) }
      return ((inherited ?? []) + section.entries).map { entry in
        var value = InterpolatedValue(section: Array(section.name.utf8), key: Array(entry.key.utf8))
        guard case .raw(let text) = entry.value else { return value }
        switch section.interpolated(text, defaults: defaults) {
        case .literal: value.isInterpolated = true
        case .unchanged(let text): value.value = Array(text.text.utf8)
        case .interpolated(let text):
          value.value = Array(text.text.utf8)
          value.isInterpolated = true
        }
        return value
      }
    }
  }
}

extension ConfigValue {
  fileprivate var rawText: String {
    if case .raw(let text) = self { text.text } else { "not raw" }
  }
}

private struct InterpolatedValue: Hashable {
  var section: [UInt8]
  var key: [UInt8]
  /// Nil where the value stays as it stands.
  var value: [UInt8]?
  /// Whether there was something to interpolate; not compared, since Python does not tell.
  var isInterpolated = false

  static func == (left: Self, right: Self) -> Bool {
    left.section == right.section && left.key == right.key && left.value == right.value
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(section)
    hasher.combine(key)
  }
}

private struct ConfigparserAnswer: Decodable {
  var name: String
  var error: String?
  var defaults: [[String]]?
  var sections: [Section]?
  var interpolated: [[String?]]?

  struct Section: Decodable {
    var name: String
    var entries: [[String]]

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      name = try container.decode(String.self)
      entries = try container.decode([[String]].self)
    }
  }

  var plain: PlainDocument {
    let defaults = (defaults ?? []).map { ($0[0], $0[1]) }
    let sections = (sections ?? []).map { ($0.name, $0.entries.map { ($0[0], $0[1]) }) }
    return PlainDocument((defaults.isEmpty ? [] : [("DEFAULT", defaults)]) + sections)
  }

  var interpolatedValues: Set<InterpolatedValue> {
    Set(
      (interpolated ?? []).map { answer in
        InterpolatedValue(
          section: Array((answer[0] ?? "").utf8), key: Array((answer[1] ?? "").utf8),
          value: answer[2].map { Array($0.utf8) })
      })
  }

  /// Writes the documents to a folder of its own and has one python3 read them all.
  static func ask(about documents: [String]) throws -> [ConfigparserAnswer] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("configparser-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (number, document) in documents.enumerated() {
      let name = String(format: "%05d.conf", number)
      try Data(document.utf8).write(to: folder.appendingPathComponent(name))
    }
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("configparser_oracle.py")
    let result = try runProgram("python3", [script.path, folder.path])
    try #require(result.status == 0, "python3 could not read the documents: \(result.errorText)")
    let decoder = JSONDecoder()
    return try result.output.split(separator: UInt8(ascii: "\n")).map {
      try decoder.decode(ConfigparserAnswer.self, from: $0)
    }
  }
}
