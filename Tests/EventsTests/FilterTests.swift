// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events

@Suite struct FilterTests {
  private let decoder = EventDecoder()

  static func filter(_ json: String) throws -> Filter {
    let document = JSONDocument()
    try document.parse(Array(json.utf8))
    return try Filter(document.root)
  }

  private func truth(_ filter: String, _ payload: String, headers: [Envelope.Header] = []) throws -> Truth {
    var envelope = Envelope(source: "default")
    envelope.headers = headers
    return try Self.filter(filter).truth(try decoder.decode(text: payload, envelope), FilterMemory {})
  }

  @Test(
    "A text is a regex anchored at the start; numbers and booleans match by their text",
    arguments: [
      (#""test""#, Truth.yes), (#""testing""#, .yes), (#""mytest""#, .no), ("null", .no), ("5", .no), (nil, .unknown),
      (#"["test"]"#, .no), (#"{"test": 1}"#, .no),
    ] as [(String?, Truth)])
  func matchesTexts(_ value: String?, _ expected: Truth) throws {
    #expect(try truth(#"{"purpose": "test"}"#, value.map { #"{"purpose": \#($0)}"# } ?? "{}") == expected)
  }

  @Test(
    "A nested path that is missing, or whose parent is null or a text, is no match, and the reason says so",
    arguments: [
      (#"{"properties": {"vendor": "foo"}}"#, Truth.yes, nil), (#"{}"#, .unknown, "the event has no properties"),
      (#"{"properties": {}}"#, .unknown, "the event has no properties.vendor"),
      (#"{"properties": null}"#, .unknown, "properties is null"),
      (#"{"properties": "bar"}"#, .unknown, #"properties is a text, "bar""#),
    ])
  func walksParents(_ payload: String, _ expected: Truth, _ reason: String?) throws {
    let filter = try Self.filter(#"{"properties.vendor": "foo"}"#)
    var findings: [Finding] = []
    let event = try decoder.decode(text: payload)
    #expect(filter.explain(event, FilterMemory {}, into: &findings) == expected)
    #expect(findings.map(\.reason) == [reason])
    #expect(findings.map(\.condition) == [#"properties.vendor: "foo""#])
  }

  @Test(
    "Operators hold as the reference says",
    arguments: [
      // Values are equal by kind and text, numbers by their worth.
      (#"{"v": 5}"#, "5", Truth.yes), (#"{"v": 5}"#, "5.0", .yes), (#"{"v": 5}"#, #""5""#, .no),
      (#"{"v": "5"}"#, "5", .yes),
      (#"{"v": "1.1"}"#, "1.10", .yes), (#"{"v": {"eq": 1.1}}"#, "1.10", .yes), (#"{"v": 1e3}"#, "1000", .yes),
      (#"{"v": 9007199254740993}"#, "9007199254740992", .no), (#"{"v": 9007199254740993}"#, "9007199254740993", .yes),
      (#"{"v": 123456789012345678901234567890}"#, "123456789012345678901234567891", .no), (#"{"v": 0}"#, "-0", .yes),
      (#"{"v": true}"#, "true", .yes), (#"{"v": true}"#, #""true""#, .no), (#"{"v": "true"}"#, "true", .yes),
      (#"{"v": true}"#, "1", .no), (#"{"v": null}"#, "null", .yes), (#"{"v": null}"#, "0", .no),
      (#"{"v": null}"#, nil, .unknown),
      (#"{"v": {"eq": "a.c"}}"#, #""abc""#, .no), (#"{"v": {"eq": "a.c"}}"#, #""a.c""#, .yes),
      (#"{"v": {"ne": "a"}}"#, #""b""#, .yes), (#"{"v": {"ne": "a"}}"#, #""a""#, .no),
      (#"{"v": {"ne": "a"}}"#, nil, .unknown),
      (#"{"v": {"in": ["a", 5, null]}}"#, "5.0", .yes), (#"{"v": {"in": ["a", 5, null]}}"#, "null", .yes),
      (#"{"v": {"in": ["a"]}}"#, #""ab""#, .no), (#"{"v": {"in": ["a"]}}"#, nil, .unknown),
      (#"{"v": ["^a$", 5, {"gt": 10}]}"#, "11", .yes), (#"{"v": ["^a$", 5, {"gt": 10}]}"#, "6", .no),
      (#"{"v": {"regex": "b|a"}}"#, #""abc""#, .yes), (#"{"v": {"full": "b|a"}}"#, #""abc""#, .no),
      (#"{"v": {"full": "ab?|abc"}}"#, #""abc""#, .yes),
      (#"{"v": {"glob": "MOC-*[0-9]"}}"#, #""MOC-R8PAC23U24""#, .yes),
      (#"{"v": {"glob": "MOC"}}"#, #""MOC-1""#, .no),
      // Order: numbers, texts of numbers, times.
      (#"{"v": {"ge": 40}}"#, #""40""#, .yes), (#"{"v": {"gt": "39.5"}}"#, #""40""#, .yes),
      (#"{"v": {"lt": 40}}"#, #""9""#, .yes),
      (#"{"v": {"lt": 40}}"#, #""abc""#, .unknown), (#"{"v": {"lt": 40}}"#, "null", .unknown),
      (#"{"v": {"lt": 40}}"#, nil, .unknown),
      (#"{"v": {"lt": 40}}"#, "true", .unknown), (#"{"v": {"le": -3}}"#, "-4", .yes),
      (#"{"v": {"gt": -3}}"#, "-0.5", .yes),
      (#"{"v": {"gt": 99999999999999999999}}"#, "100000000000000000000", .yes), (#"{"v": {"gt": 5}}"#, "007", nil),
      (#"{"v": {"lt": "2026-11-27T12:00:00Z"}}"#, #""2026-11-27 11:59:59.999999""#, .yes),
      (#"{"v": {"le": "2026-11-27T12:00:00Z"}}"#, #""2026-11-27T13:00:00+01:00""#, .yes),
      (#"{"v": {"lt": "2026-11-27T12:00:00Z"}}"#, #""2026-11-27T13:00:00+01:00""#, .no),
      (#"{"v": {"ge": 5, "lt": 7}}"#, "6", .yes), (#"{"v": {"ge": 5, "lt": 7}}"#, "7", .no),
      // Presence.
      (#"{"v": {"exists": true}}"#, nil, .no), (#"{"v": {"exists": false}}"#, nil, .yes),
      (#"{"v": {"exists": true}}"#, "null", .yes),
      (#"{"v": {"not": {"exists": true}}}"#, nil, .yes),
      // Parts.
      (#"{"v": {"contains": "b.c"}}"#, #""ab.cd""#, .yes), (#"{"v": {"contains": "b.c"}}"#, #""abxcd""#, .no),
      (#"{"v": {"contains": "a"}}"#, #"["b", "a"]"#, .yes), (#"{"v": {"contains": "a"}}"#, #"["ab"]"#, .no),
      (#"{"v": {"contains": 5}}"#, "[1, 5.0]", .yes), (#"{"v": {"contains": 5}}"#, "15", .no),
      (#"{"v": {"contains": "a"}}"#, nil, .unknown),
      // Combinations on one value.
      (#"{"v": {"not": "test"}}"#, #""test""#, .no), (#"{"v": {"not": "test"}}"#, "null", .yes),
      (#"{"v": {"not": "test"}}"#, nil, .unknown),
      (#"{"v": {"any": ["^a", {"eq": "b"}]}}"#, #""b""#, .yes), (#"{"v": {"all": ["^a", ".b"]}}"#, #""ab""#, .yes),
      (#"{"v": {"all": ["^a", ".b"]}}"#, #""ac""#, .no), (#"{"v": {"any": [5, {"exists": false}]}}"#, nil, .yes),
    ] as [(String, String?, Truth?)])
  func judges(_ filter: String, _ value: String?, _ expected: Truth?) throws {
    let payload = value.map { #"{"v": \#($0)}"# } ?? "{}"
    guard let expected else {
      // Not JSON: refused before any filter.
      #expect(throws: (any Error).self) { try decoder.decode(text: payload) }
      return
    }
    #expect(try truth(filter, payload) == expected, "\(filter) on \(payload)")
  }

  @Test(
    "A right side can be a path, and unknown where nothing is there",
    arguments: [
      (
        #"{"start": {"lt": {"path": "end"}}}"#, #"{"start": "2026-11-20T12:00:00Z", "end": "2026-11-27 12:00:00"}"#,
        Truth.yes
      ),
      (#"{"start": {"lt": {"path": "end"}}}"#, #"{"start": 5}"#, .unknown),
      (#"{"a": {"eq": {"path": "b"}}}"#, #"{"a": 1, "b": 1.0}"#, .yes),
      (#"{"a": {"eq": {"path": "b"}}}"#, #"{"a": [1, {"x": 2}], "b": [1, {"x": 2}]}"#, .yes),
      (#"{"a": {"eq": {"path": "b"}}}"#, #"{"a": [1], "b": [2]}"#, .no),
      (#"{"a": {"ne": {"path": "b"}}}"#, #"{"a": null, "b": null}"#, .no),
      (#"{"a": {"in": {"path": "b"}}}"#, #"{"a": "x", "b": ["y", "x"]}"#, .yes),
      (#"{"a": {"in": {"path": "b"}}}"#, #"{"a": "x"}"#, .unknown),
      (#"{"a": {"contains": {"path": "b"}}}"#, #"{"a": "xyz", "b": "yz"}"#, .yes),
      (#"{"a": {"contains": {"path": "b"}}}"#, #"{"a": [1, null], "b": null}"#, .yes),
      (#"{"a": {"contains": {"path": "b"}}}"#, #"{"a": "x"}"#, .unknown),
    ])
  func comparesPaths(_ filter: String, _ payload: String, _ expected: Truth) throws {
    #expect(try truth(filter, payload) == expected)
  }

  @Test("Facts of the envelope are values as those of the payload")
  func readsEnvelope() throws {
    let headers = [
      Envelope.Header(name: "n", value: .number("40")), .init(name: "t", value: .text("abc")),
      .init(name: "b", value: .boolean(true)), .init(name: "z", value: .null),
      .init(name: "nan", value: .number("nan")),
    ]
    for filter in [
      #"{"@header.n": {"ge": 40}}"#, #"{"@header.n": 40}"#, #"{"@header.t": "a"}"#, #"{"@header.b": true}"#,
      #"{"@header.z": null}"#, #"{"@source": {"eq": "default"}}"#, #"{"@redelivered": false}"#,
    ] {
      #expect(try truth(filter, "{}", headers: headers) == .yes, "\(filter)")
    }
    #expect(try truth(#"{"@header.nan": {"ge": 40}}"#, "{}", headers: headers) == .unknown)
    #expect(try truth(#"{"@header.nan": 40}"#, "{}", headers: headers) == .no)
  }

  @Test("Combinations follow Kleene's tables")
  func followsKleene() throws {
    let values: [Truth] = [.no, .unknown, .yes]
    // `missing` is there in no event, so that its comparison is unknown.
    let filters: [String] = [#"{"v": {"eq": 2}}"#, #"{"missing": 1}"#, #"{"v": {"eq": 1}}"#]
    let and: [[Truth]] = [[.no, .no, .no], [.no, .unknown, .unknown], [.no, .unknown, .yes]]
    let or: [[Truth]] = [[.no, .unknown, .yes], [.unknown, .unknown, .yes], [.yes, .yes, .yes]]
    for (i, left) in filters.enumerated() {
      #expect(try truth(left, #"{"v": 1}"#) == values[i])
      #expect(try truth(#"{"@not": \#(left)}"#, #"{"v": 1}"#) == [.yes, .unknown, .no][i])
      #expect(try truth(#"{"@not": {"@not": \#(left)}}"#, #"{"v": 1}"#) == values[i])
      for (j, right) in filters.enumerated() {
        #expect(try truth(#"{"@all": [\#(left), \#(right)]}"#, #"{"v": 1}"#) == and[i][j])
        #expect(try truth(#"{"@any": [\#(left), \#(right)]}"#, #"{"v": 1}"#) == or[i][j])
        #expect(try truth(#"{"@not": {"@all": [\#(left), \#(right)]}}"#, #"{"v": 1}"#) == !and[i][j])
        let both = #"{\#(left.dropFirst().dropLast()), "@any": [\#(right)]}"#
        #expect(try truth(both, #"{"v": 1}"#) == and[i][j])
      }
    }
  }

  @Test("Explaining judges every condition and keeps the form of the filter")
  func explains() throws {
    let filter = try Self.filter(
      #"""
      {"status": "active", "cpus": {"ge": 40, "lt": 50, "exists": true}, "@any": [{"a": 1}, {"@not": {"b": "x"}}],
       "size": 5, "r": "(a+)+$"}
      """#)
    let long = String(repeating: "a", count: 300)
    let event = try decoder.decode(
      text: #"{"status": "created", "cpus": "forty", "b": "yes", "size": "5", "r": "\#(long)!"}"#)
    var findings: [Finding] = []
    let memory = FilterMemory {}
    #expect(filter.explain(event, memory, into: &findings) == .no)
    #expect(
      findings.map(\.condition) == [
        #"status: "active""#, "cpus ge 40", "cpus lt 50", "cpus exists true", "@any", "a: 1", "@not", #"b: "x""#,
        "size: 5",
        #"r: "(a+)+$""#,
      ])
    #expect(findings.map(\.truth) == [.no, .unknown, .unknown, .yes, .yes, .unknown, .yes, .no, .no, .unknown])
    #expect(findings.map(\.depth) == [0, 0, 0, 0, 0, 1, 1, 2, 0, 0])
    #expect(findings[0].actual == #""created""#)
    #expect(findings[0].reason == nil)
    #expect(findings[1].reason == #""forty" has no order with the right side: both must be numbers, or both times"#)
    #expect(findings[5].reason == "the event has no a")
    #expect(findings[5].actual == nil)
    #expect(findings[8].reason?.contains("write it in quotes") == true)
    #expect(findings[9].reason?.contains("limit of 100000 steps") == true)
    #expect(findings[9].actual?.count == 201)
    #expect(memory.regexMemory.limitHits == 1)
  }

  @Test("A filter names the paths that it looks at, right sides included")
  func namesPaths() throws {
    let filter = try Self.filter(
      #"{"a": {"lt": {"path": "b"}}, "@any": [{"c": 1}, {"@not": {"d": ["x", {"in": {"path": "e"}}]}}]}"#)
    #expect(filter.paths.map(\.description) == ["a", "b", "c", "d", "e"])
  }

  @Test(
    "What is wrong in a filter is refused with its place and the cure",
    arguments: [
      ("{}", "", "an empty map"), ("[]", "", "expected a map"), (#""x""#, "", "expected a map"),
      (#"{"a": {}}"#, "a", "an empty map"), (#"{"a": []}"#, "a", "an empty list"),
      (#"{"@any": []}"#, "@any", "an empty list"),
      (#"{"@all": {"a": 1}}"#, "@all", "expected a list of filters"),
      (#"{"@not": [{"a": 1}]}"#, "@not", "expected one filter"),
      (#"{"@any": [{"a": 1}, {}]}"#, "@any[1]", "an empty map"), (#"{"@any": [5]}"#, "@any[0]", "the number 5"),
      (#"{"a": {"equals": 1}}"#, "a.equals", #"did you mean "eq"?"#),
      (#"{"a": {"regx": "b"}}"#, "a.regx", #"did you mean "regex"?"#),
      (#"{"a": {">=": 1}}"#, "a.>=", #"did you mean "ge"?"#), (#"{"a": {"nin": [1]}}"#, "a.nin", #"{"not": {"in""#),
      (#"{"properties": {"vendor": "foo"}}"#, "properties.vendor", #"write the path "properties.vendor""#),
      (#"{"a": {"path": "b"}}"#, "a.path", #"write {"eq""#), (#"{"a": {"@any": ["b"]}}"#, "a.@any", #"write "any""#),
      (#"{"@ayn": [{"a": 1}]}"#, "@ayn", #"did you mean "@any"?"#),
      (#"{"@any": [{"purpose": {"regex": "a(b"}}]}"#, "@any[0].purpose.regex", "without its )"),
      (#"{"a": ["ok", "(?<n>x)"]}"#, "a[1]", "(?P<name>…)"), (#"{"a": {"regex": 5}}"#, "a.regex", "expected a text"),
      (#"{"a": {"eq": [1]}}"#, "a.eq", #"write "in""#), (#"{"a": {"in": "x"}}"#, "a.in", "expected a list"),
      (#"{"a": {"in": []}}"#, "a.in", "an empty list"), (#"{"a": {"in": [1, []]}}"#, "a.in[1]", "an empty list"),
      (#"{"a": {"lt": "soon"}}"#, "a.lt", "expected a number, a time"),
      (#"{"a": {"lt": true}}"#, "a.lt", "expected a number"),
      (#"{"a": {"exists": "yes"}}"#, "a.exists", "expected true or false"),
      (#"{"a": {"eq": {"pth": "b"}}}"#, "a.eq", #"{"path""#),
      (#"{"a": {"eq": {"path": "@nope"}}}"#, "a.eq.path", "is unknown"),
      (#"{"a": {"not": {}}}"#, "a.not", "an empty map"),
      (#"{"a": {"any": "x"}}"#, "a.any", "expected a list"), (#"{"a": 1, "a": 2}"#, "a", "is there twice"),
      (#"{"a": {"eq": 1, "eq": 2}}"#, "a.eq", "is there twice"),
    ])
  func refuses(_ filter: String, _ place: String, _ cure: String) throws {
    let error = try #require(throws: FilterErrors.self) { try Self.filter(filter) }
    #expect(error.problems.map(\.place) == [place])
    #expect(error.problems.allSatisfy { $0.message.contains(cure) }, "\(error.problems)")
  }

  @Test("Every problem is reported, not the first")
  func reportsAll() throws {
    let error = try #require(throws: FilterErrors.self) {
      try Self.filter(#"{"a": "(", "b": {"foo": 1, "lt": null}, "@any": [{"c": []}, {}]}"#)
    }
    #expect(error.problems.map(\.place) == ["a", "b.foo", "b.lt", "@any[0].c", "@any[1]"])
  }

  @Test("A filter nested without end is refused, not followed")
  func refusesDepth() throws {
    let nested = String(repeating: #"{"@not": "#, count: 200) + #"{"a": 1}"# + String(repeating: "}", count: 200)
    #expect(throws: FilterErrors.self) { try Self.filter(nested) }
  }
}
