// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Testing

@Suite struct YAMLReaderTests {
  @Test(
    "only true, false, null and the numbers of JSON are typed",
    arguments: [
      ("true", .boolean), ("false", .boolean), ("null", .null), ("~", .null), ("", .null), ("0", .number), ("-1", .number),
      ("1.10", .number), ("1e5", .number), ("1E-5", .number), ("123456789012345678901234567890", .number),
      ("True", .text), ("yes", .text), ("on", .text), ("Null", .text), ("01", .text), ("-x", .text), ("+1", .text), (".5", .text),
      ("1.", .text), ("1e", .text), ("0x1F", .text), ("0o7", .text), ("1_0", .text), (".inf", .text), ("-01", .text),
      ("2001-01-01", .text), ("1:30", .text), ("\"true\"", .text), ("'5'", .text), ("\"\"", .text), ("4 5", .text),
    ] as [(String, ConfigValue.YAMLType)])
  func typing(scalar: String, type: ConfigValue.YAMLType) throws {
    guard case .scalar(_, let found) = try value(of: scalar) else {
      Issue.record("not a scalar")
      return
    }
    #expect(found == type)
  }

  @Test("a filter becomes JSON with its number texts, and each offset leads back to the file")
  func json() throws {
    let yaml = """
      api:
        k:
          purpose: "a\\"\\t\\u0001é\\\\"
          n: [1.10, -0, 1e400, 007, ~, true, {x: }]
          block: |
            one
            two
      """
    let document = YAMLReader.read(yaml, file: "f.yaml")
    try #require(document.problems.isEmpty)
    let json = try #require(document.sections.first?.entries.first).value.json
    #expect(
      json.text
        == #"{"purpose":"a\"\t\u0001é\\","n":[1.10,-0,1e400,"007",null,true,{"x":null}],"block":"one\ntwo"}"#)
    let places = [
      "{": (3, 5), "\"purpose": (3, 5), "\"a": (3, 15), "\"n\"": (4, 5), "1.10": (4, 9), "1e400": (4, 19), "true": (4, 34),
      "\"x": (4, 41), "\"one": (6, 7),
    ]
    for (fragment, place) in places {
      let offset = try #require(json.text.utf8Offset(of: fragment))
      let position = json.position(atUTF8: offset)
      #expect((position.line, position.column) == place, "\(fragment) \(position)")
    }
  }

  @Test("an alias repeats its value, wherever the file's bounds allow it")
  func aliases() throws {
    let document = YAMLReader.read("actions:\n  a: &a {events: &e x, list: [*e, *e]}\n  b: *a\n", file: "f.yaml")
    #expect(document.problems.isEmpty)
    #expect(document.sections.map(\.name) == ["action:a", "action:b"])
    #expect(document.sections[1].entries.map(\.value.json.text) == ["\"x\"", "[\"x\",\"x\"]"])
  }

  @Test("aliases of aliases cannot grow without end")
  func billionLaughs() {
    var yaml = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
    for level in 1..<30 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
      yaml += "a\(level): &a\(level) [\(aliases)]\n"
    }
    let problems = YAMLReader.read(yaml, file: "f.yaml").problems
    #expect(problems.map(\.message).contains { $0.contains("repeat more than 1048576 bytes") })
  }

  @Test("a chain of aliases counts as deep as what it stands for")
  func deepAliases() {
    let chain = (1..<100).map { "a\($0): &a\($0) [*a\($0 - 1)]\n" }.joined()
    let problems = YAMLReader.read("a0: &a0 [x]\n" + chain, file: "f.yaml").problems
    #expect(problems.map(\.position.line) == [64])
    #expect(problems.map(\.message).contains { $0.contains("more than 64 deep") })
  }

  @Test("64 levels are read, 65 refused, a hundred thousand too", arguments: [63, 64, 100_000])
  func depth(levels: Int) {
    let yaml = "x: " + String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    let problems = YAMLReader.read(yaml, file: "f.yaml").problems
    #expect(problems.map(\.position.column) == (levels < 64 ? [] : [67]))
    #expect(problems.allSatisfy { $0.message.contains("more than 64 deep") })
  }

  @Test("no text at all is a configuration without sections", arguments: ["", "\n", "# c\n", "---\n", "---\n...\n", "~", "\u{FEFF}"])
  func empty(yaml: String) {
    let document = YAMLReader.read(yaml, file: "f.yaml")
    #expect(document.problems.isEmpty, "\(document.problems)")
    #expect(document.sections.isEmpty)
  }

  @Test("columns count scalars, whatever line ends and wide characters stand before")
  func columns() throws {
    let yaml = "\u{FEFF}# é😀\u{2028}\r\nscripts:\r\n  \"é😀\": \"x\u{1}\"\r\n"
    let problem = try #require(YAMLReader.read(yaml, file: "f.yaml").problems.first)
    #expect(problem.description.hasPrefix("f.yaml:3:11: This is not valid YAML: control characters are not allowed (U+1)"))
    let entry = try #require(
      YAMLReader.read("# é😀\u{2028}# x\r\nscripts: {\"é😀\": &x y}\r\n", file: "f.yaml").sections.first?.entries.first)
    #expect(entry.position == SourcePosition(file: "f.yaml", line: 2, column: 11))
    #expect(entry.value.position == SourcePosition(file: "f.yaml", line: 2, column: 20))
  }

  private func value(of scalar: String) throws -> ConfigValue {
    let document = YAMLReader.read("scripts:\n  k: \(scalar)\n", file: "f.yaml")
    #expect(document.problems.isEmpty)
    return try #require(document.sections.first?.entries.first).value
  }
}

extension String {
  fileprivate func utf8Offset(of fragment: String) -> Int? {
    let bytes = Array(utf8)
    let wanted = Array(fragment.utf8)
    return bytes.indices.first { bytes[$0...].starts(with: wanted) }
  }
}
