// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Events
import ProgramFixture

@Suite struct ValueComparisonTests {
  private static func timestamp(_ text: String) -> Timestamp? {
    Array(text.utf8).withUnsafeBufferPointer(Timestamp.init)
  }

  @Test(
    "Texts that are the same point in time are equal",
    arguments: [
      ("2026-11-27T12:00:00Z", "2026-11-27 12:00:00"), ("2026-11-27T12:00:00.500000", "2026-11-27T13:30:00.5+01:30"),
      ("2026-11-27", "2026-11-27T00:00Z"), ("2026-01-01T00:30:00+0100", "2025-12-31T23:30:00Z"),
      ("2024-02-29T23:00:00-02", "2024-03-01T01:00:00Z"), ("1999-12-31t23:59:60z", "2000-01-01T00:00:00Z"),
      ("0001-01-01", "0001-01-01T00:00:00.000000000Z"),
    ])
  func equalTimes(_ left: String, _ right: String) throws {
    #expect(try #require(Self.timestamp(left)) == #require(Self.timestamp(right)))
  }

  @Test(
    "What is no time is told apart from one",
    arguments: [
      "", "soon", "2026-13-01", "2026-02-29", "2026-11-27T", "2026-11-27T12", "2026-11-27T24:00:00Z",
      "2026-11-27 12:00:00 ",
      "2026-11-27T12:00:00.Z", "2026-11-27T12:00:00.1234567890Z", "2026-11-27T12:00:00+1", "20261127T120000Z",
      "2026-1-1",
    ])
  func noTimes(_ text: String) {
    #expect(Self.timestamp(text) == nil)
  }

  @Test("Every day from 1600 to 2400 comes one day after the one before")
  func countsDays() throws {
    let day = DateComponents(calendar: Calendar(identifier: .gregorian), timeZone: .gmt, year: 1600, month: 1, day: 1)
    var date = try #require(day.date)
    let calendar = { () -> Calendar in
      var calendar = Calendar(identifier: .gregorian)
      calendar.timeZone = .gmt
      return calendar
    }()
    var last: Timestamp?
    // Every 97 days: all months, leap years and centuries come by.
    for _ in 0..<3000 {
      let parts = calendar.dateComponents([.year, .month, .day], from: date)
      let text = String(format: "%04d-%02d-%02d", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
      let timestamp = try #require(Self.timestamp(text), "\(text)")
      #expect(timestamp.secondsSince1970 == Int(date.timeIntervalSince1970), "\(text)")
      if let last { #expect(last < timestamp) }
      last = timestamp
      date += 97 * 86_400
    }
  }

  @Test(
    "Numbers compare by their worth, integers exactly",
    arguments: [
      ("1", "2", Ordering.less), ("10", "9", .greater), ("-10", "-9", .less), ("-1", "1", .less), ("0", "-0", .equal),
      ("007", "7", .equal), ("1.0", "1", .equal), ("1e2", "100", .equal),
      ("99999999999999999998", "99999999999999999999", .less),
      ("-99999999999999999998", "-99999999999999999999", .greater), ("1e400", "1", .greater), ("0.1", "1e-1", .equal),
    ])
  func comparesNumbers(_ left: String, _ right: String, _ expected: Ordering) throws {
    let ordering = Array(left.utf8).withUnsafeBufferPointer { left in
      Array(right.utf8).withUnsafeBufferPointer { right in
        NumberText(left).flatMap { left in NumberText(right).flatMap { left.compared(to: $0) } }
      }
    }
    #expect(ordering == expected)
  }

  @Test(
    "What is no number is told apart from one",
    arguments: ["", "-", "+1", "1.", ".5", "1e", "0x10", " 1", "1 ", "nan", "inf", "1_0"])
  func noNumbers(_ text: String) {
    #expect(Array(text.utf8).withUnsafeBufferPointer { NumberText($0) } == nil)
  }

  @Test("Generated globs match what Python's fnmatch matches")
  func agreesWithFnmatch() throws {
    var random = SeededGenerator(seed: 3)
    let questions = (0..<1500).map { _ in
      let pattern = (0..<Int.random(in: 0...6, using: &random)).map { _ in
        random.pick([
          "a", "b", "*", "*", "?", "[ab]", "[!a]", "[a-c]", "[]x]", "[!]]", "[", "]", "é", "[c-a]", "[-a]", "\n", ".",
        ])
      }.joined()
      let subjects = (0..<8).map { _ in
        (0..<Int.random(in: 0...6, using: &random)).map { _ in
          random.pick(["a", "b", "c", "x", "]", "[", "é", "-", "\n", "."])
        }
        .joined()
      }
      return PythonPatterns.Question(pattern: pattern, subjects: subjects)
    }
    let program = """
      import fnmatch, json, sys
      json.dump([[fnmatch.fnmatchcase(s, q["pattern"]) for s in q["subjects"]] for q in json.load(sys.stdin)], sys.stdout)
      """
    let output = try python(program, input: JSONEncoder().encode(questions))
    var matched = 0
    for (question, expected) in zip(questions, try JSONDecoder().decode([[Bool]].self, from: output)) {
      let glob = Glob(question.pattern)
      let ours = question.subjects.map { subject in Array(subject.utf8).withUnsafeBufferPointer { glob.matches($0) } }
      matched += expected.count { $0 }
      #expect(ours == expected, "\(question.pattern.debugDescription) on \(question.subjects)")
    }
    #expect(matched > 500)
  }

  @Test("A text is found in another at every place, in steps that do not multiply")
  func findsParts() {
    func contains(_ text: String, _ part: String) -> Bool {
      Array(text.utf8).withUnsafeBufferPointer { text in
        Array(part.utf8).withUnsafeBufferPointer { text.contains($0) }
      }
    }
    var random = SeededGenerator(seed: 9)
    for _ in 0..<3000 {
      let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in random.pick(["a", "b"]) }.joined()
      let part = (0..<Int.random(in: 0...4, using: &random)).map { _ in random.pick(["a", "b"]) }.joined()
      #expect(contains(text, part) == (part.isEmpty || text.range(of: part) != nil), "\(part) in \(text)")
    }
    let half = String(repeating: "a", count: 200_000)
    let elapsed = ContinuousClock().measure { #expect(!contains(half + half, half + "b")) }
    #expect(elapsed < .seconds(5))
  }

  @Test("The nearest name is the one that is meant, and none where none is near")
  func suggests() {
    let names = ["fulfill_time", "expire_time", "node_name", "node_uuid"]
    #expect(nearest(to: "fulfil_time", among: names) == "fulfill_time")
    #expect(nearest(to: "Node_Nmae", among: names) == "node_name")
    #expect(nearest(to: "vendor", among: names) == nil)
  }
}
