// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events

/// Tests/Fixtures/json: texts that must be accepted and texts that must be refused.
@Suite struct JSONCorpusTests {
  @Test("every accepted text parses, and says the same when it is written and read again")
  func accepted() throws {
    let document = JSONDocument()
    let names = try NotificationFixture.files("json/accepted")
    #expect(names.count >= 50)
    for name in names {
      do {
        let first = try document.compact(NotificationFixture.bytes("json/accepted/\(name)"))
        #expect(try document.compact(Array(first.utf8)) == first, "\(name)")
      } catch {
        Issue.record("\(name): \(error)")
      }
    }
  }

  @Test("every refused text is refused with a reason and a place inside the text")
  func refused() throws {
    let document = JSONDocument()
    let names = try NotificationFixture.files("json/refused")
    #expect(names.count >= 190)
    for name in names {
      let bytes = try NotificationFixture.bytes("json/refused/\(name)")
      let error = #expect(throws: JSONError.self, "\(name)") { try document.parse(bytes) }
      #expect(error?.reason.isEmpty == false)
      #expect((0...bytes.count).contains(error?.offset ?? 0), "\(name): \(error?.description ?? "")")
      #expect(document.root.kind == .null)
    }
  }

  @Test("texts and their values are the same in Python, depth aside")
  func python() throws {
    let names =
      try NotificationFixture.files("json/accepted").map { "accepted/\($0)" }
      + NotificationFixture.files("json/refused").map { "refused/\($0)" }
    let texts = try names.map { try NotificationFixture.bytes("json/\($0)") }
    let expected = try PythonJSON.compact(texts)
    try #require(expected.count == texts.count)
    let document = JSONDocument()
    for (index, name) in names.enumerated() where !name.hasPrefix("refused/depth-513") {
      #expect((try? document.compact(texts[index])) == expected[index], "\(name)")
    }
    #expect(expected.contains { $0 != nil } && expected.contains(nil))
  }

  @Test(
    "a text cut off at any byte is refused",
    arguments: ["ironic.node.provision_set.end.v2", "esi-leap.lease.fulfill.end.v1"])
  func truncated(name: String) throws {
    let bytes = try NotificationFixture.notification(name)
    let document = JSONDocument()
    try document.parse(bytes)
    for length in 0..<bytes.count {
      let error = #expect(throws: JSONError.self) { try document.parse(Array(bytes[..<length])) }
      #expect((0...length).contains(error?.offset ?? 0))
    }
  }

  @Test(
    "an error names what was expected, what was found and where",
    arguments: [
      ("", "it is empty"), ("[1 2]", "expected `,` or `]`, found `2` at byte 3"),
      ("[1", "expected `,` or `]`, found the end at byte 2"),
      ("{\"a\":1", "expected `,` or `}`, found the end at byte 6"),
      ("{\"a\" 1}", "expected `:` after a key, found `1` at byte 5"),
      ("{\"a\":\"b\" \"c\":1}", "expected `,` or `}`, found `\"` at byte 9"),
      ("{a:1}", "expected a key in quotes, found `a` at byte 1"),
      ("{\"a\":1,}", "expected a key in quotes, found `}` at byte 7"),
      ("{\"a\":}", "expected a value, found `}` at byte 5"),
      ("[1,]", "expected a value, found `]` at byte 3"), ("{} x", "expected the end, found `x` at byte 3"),
      ("1]", "expected the end, found `]` at byte 1"), ("1, 2", "expected the end, found `,` at byte 1"),
      ("]", "expected a value, found `]` at byte 0"),
      ("[01]", "a number is malformed at byte 1"), ("nul", "a word is none of true, false and null at byte 0"),
      ("[\"a\u{1}\"]", "a string holds an unescaped control character at byte 3"),
      ("{\"a\": \"b", "a string does not end at byte 6"),
      ("[\"\\ud800\"]", "a string holds an invalid escape or half of a surrogate pair at byte 1"),
      ("[\u{1}]", "expected a value, found byte 0x1 at byte 1"),
    ])
  func reason(text: String, reason: String) {
    let error = #expect(throws: JSONError.self) { try JSONDocument().parse(Array(text.utf8)) }
    #expect(error?.description == reason)
  }

  @Test("invalid UTF-8 is found where it begins")
  func invalidUTF8() throws {
    for (tail, length) in [([0x80], 0), ([0xC3, 0x28], 0), ([0xE2, 0x82], 0), ([0xC3, 0xA9, 0xFF], 2)]
      as [([UInt8], Int)]
    {
      let text = Array("[\"ok ".utf8) + tail + Array("\"]".utf8)
      let error = #expect(throws: JSONError.self) { try JSONDocument().parse(text) }
      #expect(error == JSONError(reason: "it is not valid UTF-8", offset: 5 + length))
    }
  }
}
