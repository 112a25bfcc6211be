// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Testing

/// Cutting comments, finding the end of JSON, interpolating, splitting: each with positions.
@Suite struct ConfigTextFunctionTests {
  // MARK: Comments

  @Test(
    "white space and # end a line of a value, outside double quotes",
    arguments: [
      ("a # b", "a"), ("a# b", "a# b"), ("a\t#b", "a"), ("a #", "a"), ("a #b #c", "a"), ("# all", ""),
      (#""a # b" # c"#, #""a # b""#), (#"5" # c"#, #"5""#), (#""\" # a" # c"#, #""\" # a""#), ("'a # b'", "'a"),
      ("a, # one\nb # two\nc", "a,\nb\nc"), ("a\n# b", "a"), ("a\u{A0}# b", "a"), ("", ""), ("\n\na #", "a"),
      ("amqp://u:p@h/#x", "amqp://u:p@h/#x"),
    ])
  func comments(value: String, expected: String) {
    #expect(text(value).withoutComments().text.text == expected)
  }

  @Test(
    "in patterns, a # that stands for words is kept",
    arguments: [
      ("#", "#"), ("# # all", "#"), ("a.*, #", "a.*, #"), ("a, #.error", "a, #.error"), ("a, #, b", "a, #, b"),
      ("a # all", "a"), ("a #all", "a"), ("#,\n#.b # c", "#,\n#.b"), ("a.#", "a.#"),
    ])
  func patternComments(value: String, expected: String) {
    #expect(text(value).withoutComments(keepsPatterns: true).text.text == expected)
  }

  @Test("what is left and what was cut know where they stood")
  func commentPositions() {
    let cut = text("a,  # one\nb  # two").withoutComments()
    #expect(cut.text.lines == [at(1, 10), at(2, 3)])
    #expect(cut.comments.map(\.text) == ["# one", "# two"])
    #expect(cut.comments.map(\.position) == [at(1, 14), at(2, 6)])
    #expect(cut.text.position(atScalar: 3) == at(2, 3))
  }

  // MARK: JSON

  @Test(
    "a JSON value ends where its JSON ends, and only a comment may follow",
    arguments: [
      (#"{"a": 1}"#, #"{"a": 1}"#, nil), (#"{"a": 1} # c"#, #"{"a": 1}"#, nil), (#"{"a": 1}# c"#, #"{"a": 1}"#, nil),
      (#"{"a": 1}}  # c"#, #"{"a": 1}"#, 8), (#"{"a": "}"} x"#, #"{"a": "}"}"#, 11), (#"{"a": "\"}"} x"#, #"{"a": "\"}"}"#, 13),
      (#"{"a": " # b"}"#, #"{"a": " # b"}"#, nil), (#"[1, [2]] ]"#, "[1, [2]]", 9), ("12 13", "12", 3),
      (#""a" "b""#, #""a""#, 4), ("}", "}", nil), (#"{"a": 1"#, #"{"a": 1"#, nil), (#"{"a"#, #"{"a"#, nil), ("", "", nil),
      ("# c", "", nil), ("true,", "true", 4), (#"{"\\": 1} x"#, #"{"\\": 1}"#, 10),
    ] as [(String, String, Int?)])
  func jsonEnds(value: String, json: String, stray: Int?) {
    let part = text(value).jsonPart()
    #expect(part.json.text == json)
    #expect(part.stray?.position == stray.map { at(1, 10 + $0) })
    #expect((part.problem == nil) == (stray == nil))
  }

  @Test("JSON over several lines keeps the place of each byte, its comments cut")
  func jsonPositions() {
    let part = text("{\"é\": 1,  # one\n\"b\": [2]\n} # end\n# more\nx").jsonPart()
    #expect(part.json.text == "{\"é\": 1,  \n\"b\": [2]\n}")
    #expect(part.stray?.position == at(5, 3))
    let utf8 = Array(part.json.text.utf8)
    for (offset, byte) in utf8.enumerated() where byte == UInt8(ascii: "2") {
      #expect(part.json.position(atUTF8: offset) == at(2, 9))
    }
    #expect(part.json.position(atUTF8: 3) == at(1, 12))
    #expect(part.json.position(atUTF8: 4) == at(1, 13))
    #expect(part.json.position(atUTF8: utf8.count - 1) == at(3, 3))
    #expect(part.json.position(atUTF8: 10_000) == at(3, 4))
    #expect(part.json.position(atUTF8: -1) == at(1, 10))
  }

  // MARK: Lists

  @Test(
    "a comma list is trimmed, and quotes protect commas",
    arguments: [
      ("a,b", ["a", "b"]), (" a , b ,", ["a", "b"]), ("", []), (",", []), (#""a, b", c"#, ["<a, b>", "c"]),
      ("'a, \"b\"',c", ["<a, \"b\">", "c"]), (#""a \" \\ \d",b"#, [#"<a " \ \d>"#, "b"]), ("a\u{A0},\nb", ["a", "b"]),
      (#"A="x, y", B=2"#, [#"A="x, y""#, "B=2"]), ("it's, bob's", ["it's", "bob's"]), (#"p:-"n, a", q"#, [#"p:-"n, a""#, "q"]),
      (#""", ''"#, ["<>", "<>"]), ("5\", 6\"", ["5\"", "6\""]),
    ])
  func lists(value: String, items: [String]) {
    let list = text(value).commaList()
    #expect(list.items.map { $0.quoting == .none ? $0.text.text : "<\($0.text.text)>" } == items)
    #expect(list.problems.isEmpty == (value != ","))
    #expect(list.items.allSatisfy { $0.text.isQuoted == ($0.quoting != .none) })
  }

  @Test("each item of a list knows where it and its text begin")
  func listPositions() {
    let list = text("a, \"b\",\n'c' , \"\\\"d\"").commaList()
    #expect(list.items.map(\.position) == [at(1, 10), at(1, 13), at(2, 3), at(2, 9)])
    #expect(list.items.map(\.text.position) == [at(1, 10), at(1, 14), at(2, 4), at(2, 11)])
    #expect(list.items.map(\.quoting) == [.none, .double, .single, .double])
    #expect(list.items[3].text.position(atScalar: 1) == at(2, 12))
  }

  @Test(
    "what a list gets wrong is told where it stands",
    arguments: [
      ("a,,b", at(1, 12), "missing in front of this comma"), (",a", at(1, 10), "missing in front of this comma"),
      ("a, \"b", at(1, 13), "not closed"), ("\"a\" b, c", at(1, 14), "behind a quoted item"),
      ("a,\nb\nkey = c", at(3, 3), "remove the white space in front"),
    ])
  func listProblems(value: String, position: SourcePosition, fragment: String) {
    let problems = text(value).commaList().problems
    #expect(problems.count == 1)
    #expect(problems.first?.position == position)
    #expect(problems.first?.message.contains(fragment) == true, "\(problems)")
  }

  @Test("a value that is one quote as a whole is unquoted, any other stays")
  func unquoting() {
    #expect(text(" \"a, b\" ").unquoted().text.text == "a, b")
    #expect(text(" \"a, b\" ").unquoted().text.position == at(1, 12))
    #expect(text("\"a\" b \"c\"").unquoted().text.text == "\"a\" b \"c\"")
    #expect(text("\"").unquoted().quoting == .none)
  }

  // MARK: Interpolation

  @Test("interpolation happens where configparser would do it, and is told")
  func interpolation() throws {
    let section = ConfigSection(
      name: "a", position: at(1, 1),
      entries: [entry("dir", "/opt/%(name)s", line: 7), entry("half", "50%", line: 8), entry("me", "%(me)s", line: 9)])
    let defaults = ConfigSection(
      name: "DEFAULT", position: at(1, 1), entries: [entry("name", "x", line: 3), entry("dir", "no", line: 4)])
    let script = section.interpolated(text("%(DIR)s/run 100%% y"), defaults: defaults)
    guard case .interpolated(let words) = script else {
      Issue.record("not interpolated: \(script)")
      return
    }
    #expect(words.text == "/opt/x/run 100% y")
    let places = [0: at(7, 7), 4: at(7, 11), 5: at(3, 8), 6: at(1, 17), 14: at(1, 25), 15: at(1, 27)]
    for (offset, place) in places { #expect(words.position(atScalar: offset) == place, "\(offset)") }

    let refused = [
      "100%": at(1, 13), "%d": at(1, 10), "%(nope)s": at(1, 10), "a%()s": at(1, 11), "%(dir)": at(1, 10),
      "%% %(half)s": at(8, 10), "%(me)s": at(9, 6),
    ]
    for (value, place) in refused {
      guard case .literal(let text, let reason) = section.interpolated(text(value), defaults: defaults) else {
        Issue.record("accepted: \(value)")
        continue
      }
      #expect(text.text == value)
      #expect(reason.position == place, "\(value) \(reason)")
    }
    guard case .unchanged = section.interpolated(text("a"), defaults: nil) else {
      Issue.record("a value without % was changed")
      return
    }
  }

  @Test("values that double ten times over stay within bounds")
  func interpolationBound() {
    let wide = String(repeating: "%(v)s", count: 400)
    let growing = text(wide).interpolated { _ in text(wide) }
    let names = (0..<9).map { "%(v\($0))s" }
    let nested = text(String(repeating: names[0], count: 50)).interpolated { name in
      guard let level = name.last?.wholeNumberValue, level < 8 else { return text("") }
      return text(String(repeating: names[level + 1], count: 50))
    }
    for value in [growing, nested] {
      guard case .literal = value else {
        Issue.record("interpolated without bound")
        continue
      }
    }
  }

  // MARK: Script words

  @Test(
    "a script line is split as a shell splits words",
    arguments: [
      ("run.sh", ["run.sh"]), (" a  b\tc ", ["a", "b", "c"]), ("'a b' \"c d\"", ["a b", "c d"]), (#"a\ b"#, ["a b"]),
      (#""a\"b\\c\d""#, [#"a"b\c\d"#]), ("''", [""]), ("a''b", ["ab"]), (#"'a\'"#, [#"a\"#]), (#"\|\&\$"#, ["|&$"]),
      ("'| & ; $x `y` * ~'", ["| & ; $x `y` * ~"]), (#""\$x \`y\` * ; ~ 'z'""#, ["$x `y` * ; ~ 'z'"]), ("", []),
      ("a \\\nb", ["a", "b"]), ("\na", ["a"]), ("a{1,2}", ["a{1,2}"]), ("a b=c", ["a", "b=c"]), ("\"a\nb\"", ["a\nb"]),
    ])
  func scriptWords(value: String, words: [String]) {
    let split = text(value).scriptWords()
    #expect(split.words.map(\.text) == words)
    #expect(split.problems.isEmpty, "\(split.problems)")
  }

  @Test(
    "what a shell would act upon is a problem with its cure",
    arguments: [
      ("a | b", 12, "write the pipe in a script file"), ("a&", 11, "remove it"), ("a; b", 11, "script file"),
      ("a <b", 12, "standard input"), ("a >b", 12, "the output is logged"), ("a $b", 12, "script_params"),
      ("a `b", 12, "script_params"), ("~/a", 10, "whole path"), ("a *", 12, "names of the files"),
      ("a b?", 13, "names of the files"), ("(a", 10, "script file"), ("a)", 11, "script file"),
      ("a \"$b\"", 13, "in double quotes"), ("a 'b", 12, "not closed"), ("a \"b", 12, "not closed"), ("a \\", 12, "backslash"),
      ("X_1=2 a", 10, "environment = X_1=value"),
    ])
  func scriptProblems(value: String, column: Int, fragment: String) {
    let problems = text(value).scriptWords().problems
    #expect(problems.count == 1, "\(problems)")
    #expect(problems.first?.position == at(1, column))
    #expect(problems.first?.message.contains(fragment) == true, "\(problems)")
  }

  @Test("every one of several problems is told, and a second line is one")
  func allScriptProblems() {
    let split = text("a | b; c\nkey = d").scriptWords()
    #expect(split.problems.map(\.position) == [at(1, 12), at(1, 15), at(2, 3)])
    #expect(split.words.map(\.position) == [at(1, 10), at(1, 12), at(1, 14), at(1, 17), at(2, 3), at(2, 7), at(2, 9)])
  }

  // MARK: Bounds

  /// Work that grows with the square of the length would take hours.
  @Test(
    "100 KB of anything is cut and split in time that grows with its length", .timeLimit(.minutes(1)),
    arguments: ["\"\\", "\\\"", "'", "\"", " \"", " '", ",", " #", "\n", "{", "}", "a ", "'x'", "a=\"b\",", "%(x)s", "a\n"])
  func longValues(piece: String) {
    let value = text(String(repeating: piece, count: 100_000 / piece.utf8.count))
    let cut = value.withoutComments()
    #expect(cut.text.text.utf8.count <= value.text.utf8.count)
    _ = cut.comments
    #expect(value.commaList().items.count <= 100_000)
    #expect(value.scriptWords().words.count <= 100_000)
    #expect(value.jsonPart().json.text.utf8.count <= value.text.utf8.count)
    #expect(value.interpolated { _ in nil }.text.text == value.text)
    #expect(value.lines.count <= 100_001)
  }

  // MARK: Texts

  @Test("a text tells the place of each of its lines and of what lies behind its end")
  func places() {
    let lines = text("a\n\nbc")
    #expect(lines.lines == [at(1, 10), at(2, 3), at(3, 3)])
    #expect(lines.position(atScalar: 2) == at(2, 3))
    #expect(lines.position(atScalar: 99) == at(3, 5))
    let unknown = ConfigText(text: "a\nb", lines: [at(4, 4)])
    #expect(unknown.position(atScalar: 2) == at(4, 4))
    #expect(ConfigText(text: "", lines: []).position.line == 1)
  }
}

private func at(_ line: Int, _ column: Int) -> SourcePosition {
  SourcePosition(file: "f.conf", line: line, column: column)
}

/// A value as it would stand behind `events = `: the first line in column 10, the others in column 3.
private func text(_ value: String) -> ConfigText {
  let count = value.split(separator: "\n", omittingEmptySubsequences: false).count
  return ConfigText(text: value, lines: [at(1, 10)] + (1..<max(count, 1) + 1).map { at($0 + 1, 3) })
}

private func entry(_ key: String, _ value: String, line: Int) -> ConfigEntry {
  let text = ConfigText(text: value, lines: [at(line, key.count + 4)])
  return ConfigEntry(key: key, position: at(line, 1), value: .raw(text))
}
