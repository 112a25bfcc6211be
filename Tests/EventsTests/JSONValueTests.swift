// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events
import ProgramFixture

@Suite struct JSONValueTests {
  private func document(_ text: String) throws -> JSONDocument {
    let document = JSONDocument()
    try document.parse(Array(text.utf8))
    return document
  }

  @Test("kinds, counts and texts of every kind of value")
  func kinds() throws {
    let document = try document(#"[null, false, true, -1.50e+3, "a\n\"é", [1, [2, 3]], {"a": 1, "a": 2}]"#)
    let kinds = (0..<7).compactMap { document.root.element($0)?.kind }
    #expect(kinds == [.null, .false, .true, .number, .string, .array, .object])
    let texts = (0..<7).compactMap { document.root.element($0)?.text }
    #expect(texts == ["null", "false", "true", "-1.50e+3", "a\n\"é", "", ""])
    #expect((0..<7).compactMap { document.root.element($0)?.count } == [0, 0, 0, 0, 0, 2, 2])
    #expect(document.root.count == 7)
    #expect(document.root.element(7) == nil && document.root.element(-1) == nil)
    #expect(document.root.element(5)?.element(1)?.element(1)?.text == "3")
    #expect(document.root.element(0)?.element(0) == nil)
    #expect(document.root.member(Array("a".utf8)) == nil)
  }

  @Test("escapes are undone at every place of a string of any length")
  func escapes() throws {
    var generator = SeededGenerator(seed: 7)
    let parts = [("a", "a"), ("\\\"", "\""), ("\\\\", "\\"), ("\\n", "\n"), ("é", "é"), ("\\/", "/"), ("\\t", "\t")]
    for length in 0..<400 {
      var (written, expected) = ("", "")
      for _ in 0..<length {
        let part = parts[Int.random(in: 0..<(length % 2 == 0 ? 2 : parts.count), using: &generator)]
        written += part.0
        expected += part.1
      }
      #expect(try document("[\"\(written)\"]").root.element(0)?.text == expected)
      #expect(try document("{\"\(written)\\u0041\":1}").root.member(Array((expected + "A").utf8)) != nil)
      #expect(throws: JSONError.self) { try document("[\"\(written)\\x\"]") }
    }
  }

  @Test("what needs an escape gets one at every place of a text of any length, and nothing else does")
  func writesEscapes() throws {
    for length in 1..<40 {
      for place in 0..<length {
        for byte in [0x00, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x5B, 0x5C, 0x5D, 0x7F] as [UInt8] {
          // Bytes above the one in question that are close to those with an escape.
          var text = [UInt8](repeating: length % 2 == 0 ? 0x23 : 0x5D, count: length)
          text[place] = byte
          var written: [UInt8] = []
          written.appendJSON(text: text)
          let needsEscape = byte < 0x20 || byte == 0x22 || byte == 0x5C
          #expect(written.count == length + 2 + (needsEscape ? (byte < 0x20 ? 5 : 1) : 0))
          #expect(try document(String(decoding: written, as: UTF8.self)).root.withText { Array($0) } == text)
        }
      }
    }
  }

  @Test("of a key that is there twice the last value counts, at the first one's place when written")
  func duplicates() throws {
    let document = try document(#"{"a":1,"b":2,"a":{"x":3,"x":4},"":5}"#)
    #expect(document.root.count == 4)
    #expect(document.root.member(Array("a".utf8))?.kind == .object)
    #expect(document.root.member([])?.text == "5")
    #expect(document.root.member(Array("ab".utf8)) == nil)
    var keys: [String] = []
    document.root.forEachMember { key, _ in
      keys.append(String(decoding: key, as: UTF8.self))
      return keys.count < 3
    }
    #expect(keys == ["a", "b", "a"])
    var output: [UInt8] = []
    document.root.appendJSON(to: &output, unwrapping: false)
    #expect(String(decoding: output, as: UTF8.self) == #"{"a":{"x":4},"b":2,"":5}"#)
  }

  @Test(
    "a versioned object is unwrapped only where its name or version stands beside its data",
    arguments: [
      (#"{"nova_object.name":"N","nova_object.data":{"a":1}}"#, #"{"a":1}"#),
      (#"{"nova_object.version":"1.0","nova_object.data":{"a":1}}"#, #"{"a":1}"#),
      (#"{"nova_object.data":{"a":1}}"#, #"{"nova_object.data":{"a":1}}"#),
      (
        #"{"x_object.data":1,"y_object.name":"N","z_object.namespace":"z"}"#,
        #"{"x_object.data":1,"y_object.name":"N","z_object.namespace":"z"}"#
      ),
      (#"{"_object.name":"N","_object.data":1}"#, #"{"_object.name":"N","_object.data":1}"#),
      (#"{"lone_object.data":1,"p_object.data":2,"p_object.name":"N"}"#, "2"),
      (
        #"{"p_object.name":"N","p_object.data":{"in":[{"q_object.version":"1","q_object.data":[null]}],"t":{"x_object.data":7}}}"#,
        #"{"in":[[null]],"t":{"x_object.data":7}}"#
      ),
      (#"{"p_object.name":"N","p_object.data":{"q_object.name":"M","q_object.data":"deep"}}"#, #""deep""#),
      (#"{"p_object.name":"N","p_object.data":1,"p_object.data":null}"#, "null"),
    ])
  func unwrapping(text: String, expected: String) throws {
    let document = try document(text)
    var (output, raw) = ([UInt8](), [UInt8]())
    document.root.appendJSON(to: &output, unwrapping: true)
    document.root.raw.appendJSON(to: &raw, unwrapping: true)
    #expect(String(decoding: output, as: UTF8.self) == expected)
    #expect(document.root.holdsVersionedObject == (output != raw))
  }

  @Test("an object with very many wrapped keys costs no quadratic time")
  func manyVersionedKeys() throws {
    let members = (0..<20_000).map { "\"p\($0)_object.data\":\($0),\"k\($0 % 7)\":0" }.joined(separator: ",")
    let document = try document("{\(members)}")
    var output: [UInt8] = []
    let time = ContinuousClock().measure { document.root.appendJSON(to: &output, unwrapping: true) }
    #expect(try JSONDocument().compact(output).utf8.count == output.count)
    #expect(time < .seconds(5))
  }

  @Test("a view that outlives its text reads the new one or nothing, and never beyond it")
  func staleView() throws {
    let document = try document(#"{"a":[1,2,{"b":"text"}],"c":{"d":null}}"#)
    let old = try #require(document.root.member(Array("a".utf8))?.element(2)?.member(Array("b".utf8)))
    try document.parse(Array("[7]".utf8))
    #expect(old.kind == .null && old.text == "" && old.count == 0)
    #expect(old.member(Array("x".utf8)) == nil && old.element(0) == nil)
    #expect(old.unwrapped.kind == .null)
    #expect(throws: JSONError.self) { try document.parse(Array("[".utf8)) }
    #expect(document.root.kind == .null && document.root.count == 0)
  }

  @Test("memory that a large text took is given back by the next small one, or on request")
  func memory() throws {
    let large = Array("[\"\(String(repeating: "x", count: 3 << 20))\"]".utf8)
    let document = JSONDocument()
    try document.parse(large)
    try document.parse(Array("[1]".utf8))
    #expect(!document.trim())
    #expect(document.root.count == 1)
    try document.parse(large)
    #expect(document.trim())
    #expect(document.root.kind == .null)
    try document.parse(Array("[1, 2]".utf8))
    #expect(document.root.count == 2)
  }

  @Test("a text with more values than are allowed is refused")
  func tooManyValues() throws {
    let text = Array("[\(String(repeating: "0,", count: 4_194_303))0]".utf8)
    let error = #expect(throws: JSONError.self) { try JSONDocument().parse(text) }
    #expect(error?.reason == "it holds more than 4194304 values")
  }
}
