// SPDX-License-Identifier: Apache-2.0

import Testing

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
    var generator = RegexGenerator(seed: 20_261_120)
    let questions = (0..<4000).map { _ in
      PythonReference.Question(pattern: generator.pattern(), subjects: (0..<8).map { _ in generator.subject() })
    }
    let memory = RegexMemory()
    var (compared, matched, limits) = (0, 0, 0)
    var refused: [String: String] = [:]
    for (question, answer) in zip(questions, try PythonReference.answers(to: questions)) {
      let regexes: [PythonRegex]
      do throws(RegexError) {
        regexes = [try PythonRegex(question.pattern), try PythonRegex(question.pattern, anchoring: .both)]
      } catch {
        if answer.error == nil { refused[error.reason] = question.pattern }
        continue
      }
      guard let expected = answer.match, let expectedFull = answer.fullmatch else {
        Issue.record("Python refuses \(question.pattern.debugDescription): \(answer.error ?? "")")
        continue
      }
      for (index, subject) in question.subjects.enumerated() {
        for (regex, isExpected) in zip(regexes, [expected[index], expectedFull[index]]) {
          let ours = Array(subject.utf8).withUnsafeBufferPointer { regex.match($0, memory) }
          compared += 1
          if isExpected { matched += 1 }
          if ours == .limitHit { limits += 1 }
          guard ours != .limitHit, (ours == .matched) != isExpected else { continue }
          Issue.record("Python says \(isExpected): \(question.pattern.debugDescription) on \(subject.debugDescription)")
        }
      }
    }
    // What Python takes and we refuse is refused for one of the reasons that are there on purpose.
    for (reason, pattern) in refused {
      #expect(Self.known.contains { reason.contains($0) }, "\(reason): \(pattern.debugDescription)")
    }
    #expect(compared > 40_000)
    #expect(matched > 10_000)
    #expect(limits < 50)
  }

  private static let known = [
    "Python and PCRE2 do not agree", "Python and PCRE2 compare cases differently", "within a look-behind",
    "lookbehind assertion is not fixed length", "inside that group", "which Python keeps for later", "the flag a",
    "at the start of a set",
  ]

  @Test("Every cased character matches the same characters under (?i) as in Python")
  func agreesOnCases() throws {
    // A hundred characters that are cases of each other in unusual ways, and the ASCII letters.
    let characters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\u{130}\u{131}\u{212A}\u{212B}\u{17F}åÅßẞµμ\u{3BC}ςσΣ\u{345}ιΙ"
      + "\u{1FBE}\u{390}\u{1FD3}\u{3B0}\u{1FE3}\u{FB05}\u{FB06}ǅǄǆǈǇǉ\u{1E9B}ṡṠϐβΒϑθΘϴϕφΦϰκΚϱρΡϵεΕ\u{1C80}вВ\u{1C88}ꙋꙊ"
    let subjects = characters.unicodeScalars.map { String($0) }
    let questions = subjects.flatMap { scalar in
      ["(?i)\(scalar)", "(?i)[\(scalar)x]", "(?i)[^\(scalar)]"].map {
        PythonReference.Question(pattern: $0, subjects: subjects)
      }
    }
    let memory = RegexMemory()
    for (question, answer) in zip(questions, try PythonReference.answers(to: questions)) {
      let regex = try PythonRegex(question.pattern)
      let ours = subjects.map { subject in
        Array(subject.utf8).withUnsafeBufferPointer { regex.match($0, memory) == .matched }
      }
      #expect(ours == answer.match, "\(question.pattern)")
    }
  }

  @Test(
    "What only Python or only PCRE2 knows, and what they do differently, is refused with its place and the cure",
    arguments: [
      (#"a\h"#, 1, #"write [ \t]"#), (#"\R"#, 0, "write (?:"), (#"\e"#, 0, #"write \x1b"#),
      (#"ab\Qc\E"#, 2, "before each"),
      (#"\K"#, 0, "leave it out"), (#"\G"#, 0, "leave it out"), (#"\p{L}"#, 0, "in a set"), (#"\X"#, 0, "in a set"),
      (#"\N{DASH}"#, 0, #"\uXXXX"#), (#"\z"#, 0, #"write \Z"#), (#"\g{1}"#, 0, "(?P=name)"),
      (#"(a)\k<n>"#, 3, "(?P=name)"),
      ("(?<n>a)", 0, "write (?P<name>…)"), ("(?'n'a)", 0, "write (?P<name>…)"), ("(?|a|b)", 0, "write (?:…)"),
      ("(?R)", 0, "recursion"), ("(?1)", 0, "recursion"), ("(?P>n)", 0, "unknown to Python"), ("(?C1)", 0, "callouts"),
      ("(*ACCEPT)a", 1, "nothing to repeat"), ("(?a)x", 0, "the flag a"), ("(?L)x", 0, "for bytes only"),
      ("a(?i)b", 1, "stand at its beginning"), ("(?-i)b", 0, "write (?-i:…)"), ("(?q:a)", 0, "unknown to Python"),
      ("[[:alpha:]]", 0, "name its characters"), ("[a[:alpha:]]", 2, "name its characters"),
      ("[a--b]", 2, #"write \-"#),
      ("[a&&b]", 2, #"write \&"#), ("[b-a]", 1, "a range"), (#"[\w-a]"#, 1, "a range"), ("[a", 0, "without its ]"),
      ("(a", 0, "without its )"), ("a)", 1, "without its ("), ("*a", 0, "nothing to repeat"),
      ("a**", 2, "second repeat"),
      ("^*", 1, "nothing to repeat"), ("a{3,2}", 1, "least number"), ("a{2000}", 1, "bounded in time"),
      ("a{99999999999999999999}", 1, "65535"), (#"\1(a)"#, 0, "no group 1"), (#"(a\1)"#, 2, "inside that group"),
      (#"(a)*\1"#, 4, "do not agree"), (#"(?i)(a)\1"#, 7, "cases differently"), (#"(a)(?<=\1)"#, 7, "look-behind"),
      ("(?<=a|bc)", 0, "the same length"), ("(?<=a*)", 5, "fixed number"), ("(?=a)*", 5, "do not agree"),
      ("(?P<n>a)(?P<n>b)", 8, "second group"), ("(?P<1>a)", 0, "cannot name"), ("(?P=n)", 0, "no group n"),
      ("(?#a", 0, "without its )"), (#"\x1"#, 0, "fewer than 2"), (#"\ud800"#, 0, "surrogates"), (#"\477"#, 0, "octal"),
      (#"a\"#, 1, "at the end"), ("(?:a|b)*+", 7, "do not agree"), ("(a)(?(1)b|c|d)", 11, "two branches"),
    ])
  func refuses(_ pattern: String, _ position: Int, _ cure: String) throws {
    let error = try #require(throws: RegexError.self) { try PythonRegex(pattern) }
    #expect(error.position == position)
    #expect(error.reason.contains(cure), "\(error.reason)")
  }

  @Test("An expression nested without end is refused, not followed")
  func refusesDepth() throws {
    let pattern = String(repeating: "(", count: 100_000)
    #expect(throws: RegexError.self) { try PythonRegex(pattern) }
  }

  @Test(
    "A plain text never reaches PCRE2, and means the same",
    arguments: ["test", "", "^test", "^test$", #"test\Z"#, #"a\.b"#, "te st", #"\Aé😀"#, "^", "$", #"a\x41"#])
  func knowsPlainTexts(_ pattern: String) throws {
    let plain = try PythonRegex(pattern)
    if case .code = plain.program { Issue.record("\(pattern) was compiled") }
    // The same expression, kept from being plain.
    let code = try PythonRegex("(?:\(pattern))")
    guard case .code = code.program else {
      Issue.record("\(pattern) in a group was not compiled")
      return
    }
    let memory = RegexMemory()
    for subject in [
      "test", "testing", "mytest", "test\n", "test\n\n", "", "\n", "a.b", "axb", "te st", "é😀", "aA", "Test",
    ] {
      Array(subject.utf8).withUnsafeBufferPointer {
        #expect(plain.match($0, memory) == code.match($0, memory), "\(pattern) on \(subject.debugDescription)")
      }
    }
  }

  @Test("A hostile text ends at the limit of steps, is counted, and does no harm to the next")
  func endsAtMatchLimit() throws {
    let memory = RegexMemory()
    let regex = try PythonRegex("(a+)+$")
    let hostile = Array((String(repeating: "a", count: 40) + "b").utf8)
    let elapsed = ContinuousClock().measure {
      for count in 1...20 {
        #expect(hostile.withUnsafeBufferPointer { regex.match($0, memory) } == .limitHit)
        #expect(memory.limitHits == count)
      }
    }
    // A millisecond each where nothing else runs; without a limit it would be hours.
    #expect(elapsed < .seconds(2))
    #expect(Array("aaa".utf8).withUnsafeBufferPointer { regex.match($0, memory) } == .matched)
    #expect(memory.limitHits == 20)
  }

  @Test(
    "A text whose steps are few but long ends at the limit of work",
    arguments: [#".*\s*x"#, #"\s*\s*\s*x"#, #"(?:.*\s{2,})*x"#, #"(\s*)\s*\1x"#])
  func endsAtWorkLimit(_ pattern: String) throws {
    let memory = RegexMemory()
    let regex = try PythonRegex(pattern)
    let spaces = [UInt8](repeating: UInt8(ascii: " "), count: 1_000_000)
    let elapsed = ContinuousClock().measure {
      #expect(spaces.withUnsafeBufferPointer { regex.match($0, memory) } == .limitHit)
    }
    #expect(elapsed < .seconds(1))
    #expect(memory.limitHits == 1)
  }

  @Test("A long text is matched where the work is in proportion to it")
  func takesLongTexts() throws {
    let memory = RegexMemory()
    var text = [UInt8](repeating: UInt8(ascii: "x"), count: 50_000)
    text += Array(" error".utf8)
    for pattern in [".*error", #"x+\serror"#, "[^e]*error$", "x*"] {
      let regex = try PythonRegex(pattern)
      #expect(text.withUnsafeBufferPointer { regex.match($0, memory) } == .matched, "\(pattern)")
    }
  }

  @Test("A text that is not UTF-8 does not match, and does no harm")
  func survivesBrokenUTF8() throws {
    let regex = try PythonRegex(".*")
    for bytes: [UInt8] in [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0x61, 0xF8, 0x88, 0x80, 0x80, 0x80]] {
      #expect(bytes.withUnsafeBufferPointer { regex.match($0, RegexMemory()) } == .notMatched)
    }
    #expect([UInt8]().withUnsafeBufferPointer { regex.match($0, RegexMemory()) } == .matched)
  }

  @Test("The vectors of the Python listener's filters hold")
  func matchesAtTheStart() throws {
    #expect(try Self.answer("test", "testing") == .matched)
    #expect(try Self.answer("test", "mytest") == .notMatched)
    #expect(try Self.answer("a|b", "bz") == .matched)
    #expect(try Self.answer("", "anything") == .matched)
    #expect(try Self.answer("a|ab", "ab", .both) == .matched)
    #expect(try Self.answer("test", "testing", .both) == .notMatched)
    #expect(try Self.answer(#"x\Z"#, "x\n") == .notMatched)
    #expect(try Self.answer("x$", "x\n") == .matched)
    #expect(try Self.answer("a{,2}b", "aab") == .matched)
  }
}
