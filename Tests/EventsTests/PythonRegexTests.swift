// SPDX-License-Identifier: Apache-2.0

import Testing
import Foundation

@testable import Events

@Suite struct PythonRegexTests {
  private static func answer(
    _ pattern: String, _ subject: String, _ anchoring: PythonRegex.Anchoring = .start
  ) throws -> PythonRegex.Answer {
    let regex = try PythonRegex(pattern, anchoring: anchoring)
    return Array(subject.utf8).withUnsafeBufferPointer { regex.match($0, RegexMemory()) }
  }

  @Test("Generated expressions match what Python's re.match and re.fullmatch match")
  func agreesWithPython() throws {
    var generator = RegexGenerator(seed: UInt64(ProcessInfo.processInfo.environment["SEED"] ?? "1")!)
    let questions = (0..<40000).map { _ in
      PythonReference.Question(pattern: generator.pattern(), subjects: (0..<10).map { _ in generator.subject() })
    }
    let memory = RegexMemory()
    var compared = 0
    var matched = 0
    var refused: [String: Int] = [:]
    for (question, answer) in zip(questions, try PythonReference.answers(to: questions)) {
      let start: PythonRegex
      let both: PythonRegex
      do {
        start = try PythonRegex(question.pattern)
        both = try PythonRegex(question.pattern, anchoring: .both)
      } catch {
        if answer.error == nil { refused[error.reason, default: 0] += 1; if error.reason.contains("PCRE2 cannot") { print("LB", question.pattern.debugDescription); var t = RegexTranslator(question.pattern); print(try t.translate().pattern) } }
        continue
      }
      guard let match = answer.match, let fullmatch = answer.fullmatch else {
        Issue.record("Python refuses \(question.pattern.debugDescription): \(answer.error ?? "")")
        continue
      }
      for (index, subject) in question.subjects.enumerated() {
        let ours = Array(subject.utf8).withUnsafeBufferPointer { (start.match($0, memory), both.match($0, memory)) }
        guard ours.0 != .limitHit, ours.1 != .limitHit else { continue }
        compared += 1
        if match[index] { matched += 1 }
        let texts = "\(question.pattern.debugDescription) on \(subject.debugDescription)"
        #expect((ours.0 == .matched) == match[index], "re.match says \(match[index]) for \(texts)")
        #expect((ours.1 == .matched) == fullmatch[index], "re.fullmatch says \(fullmatch[index]) for \(texts)")
      }
    }
    // What Python takes and we refuse is refused for reasons that the reader of the rules knows.
    for (reason, count) in refused {
      #expect(Self.known.contains { reason.contains($0) }, "\(count) × \(reason)")
    }
    #expect(compared > 30_000)
    #expect(matched > 5000)
    #expect(memory.limitHits < 50)
  }

  private static let known = [
    "Python and PCRE2 do not agree", "Python and PCRE2 compare cases differently", "a reference within a look-behind", "inside that group", "a repeat without a fixed number within a look-behind",
    "which Python keeps for later", "Python wants", "the flag a", "at the start of a set", "lookbehind assertion is not fixed length",
  ]
}
