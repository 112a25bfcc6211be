// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Foundation
import Testing

@testable import Settings

/// Configurations that say in their own comments what is expected: `#expect LINE:COLUMN: fragment`.
@Suite struct ProblemTableTests {
  struct Expected: CustomStringConvertible {
    var place: String
    var fragment: String
    var description: String { "\(place): \(fragment)" }

    /// Whether a message says it; of a finding's, the kind stands in front.
    func isIn(_ text: String, at place: String) -> Bool {
      let kind = ConfigFinding.Kind.allCases.map { "\($0.rawValue): " }.first(where: fragment.hasPrefix) ?? ""
      return place == self.place && text.hasPrefix(kind)
        && text.lowercased().contains(fragment.dropFirst(kind.count).lowercased())
    }

    static func read(_ text: String) -> [Expected] {
      text.split(separator: "\n").filter { $0.hasPrefix("#expect ") }.compactMap { line in
        let words = line.dropFirst("#expect ".count)
        guard let end = words.firstRange(of: ": ") else { return nil }
        return Expected(place: String(words[..<end.lowerBound]), fragment: String(words[end.upperBound...]))
      }
    }
  }

  static func load(_ path: String) throws -> (result: LoadResult, expected: [Expected]) {
    let text = try Fixture.text(path)
    let name = (path as NSString).lastPathComponent
    return (try ConfigurationFolder().load(text, as: name), Expected.read(text))
  }

  /// Takes away what is expected from what was said; both remainders should be empty.
  static func compare(_ said: [(place: String, text: String)], _ expected: [Expected], _ file: String) {
    var unexpected = said
    for wanted in expected {
      if let index = unexpected.firstIndex(where: { wanted.isIn($0.text, at: $0.place) }) {
        unexpected.remove(at: index)
      } else {
        Issue.record("\(file) did not say \(wanted)")
      }
    }
    for more in unexpected { Issue.record("\(file) said \(more.place): \(more.text)") }
  }

  @Test(
    "a refused file names all of its problems at once, each with its place, and nothing else",
    arguments: Fixture.files("config/refused"))
  func refused(file: String) throws {
    let (result, expected) = try Self.load("config/refused/\(file)")
    #expect(!expected.isEmpty)
    Self.compare(
      result.problems.map { ("\($0.position.line):\($0.position.column)", $0.message) }, expected, file)
  }

  @Test(
    "a file that loads is told what it will not do, each with its place, and nothing else",
    arguments: Fixture.files("config/advised"))
  func advised(file: String) throws {
    let (result, expected) = try Self.load("config/advised/\(file)")
    #expect(!expected.isEmpty)
    let configuration = try result.loaded()
    Self.compare(
      configuration.findings.map {
        ("\($0.position.line):\($0.position.column)", "\($0.kind.rawValue): \($0.message)")
      }, expected, file)
  }

  @Test("problems and findings come in the order of the file")
  func order() throws {
    let result = try Self.load("config/refused/values.conf").result
    let lines = result.problems.map(\.position.line)
    #expect(lines.count > 10)
    #expect(lines == lines.sorted())
  }
}
