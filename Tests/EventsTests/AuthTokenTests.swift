// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Events

@Suite struct AuthTokenTests {
  private func blanked(_ text: String) -> String {
    var bytes = Array(text.utf8)
    bytes.withUnsafeMutableBytes(AuthToken.blank(in:))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `text` as the content of a JSON string.
  private func escaped(_ text: String) -> String {
    var output: [UInt8] = []
    output.appendJSON(text: text.utf8)
    return String(decoding: output.dropFirst().dropLast(), as: UTF8.self)
  }

  @Test(
    "the value is blanked byte by byte and nothing else changes",
    arguments: [
      (#"{"_context_auth_token": "secret", "b": "c"}"#, #"{"_context_auth_token": "******", "b": "c"}"#),
      (#"{"_context_auth_token":"secret"}"#, #"{"_context_auth_token":"******"}"#),
      ("{\"_context_auth_token\" \t\r\n:\n \"é\",\"b\":1}", "{\"_context_auth_token\" \t\r\n:\n \"**\",\"b\":1}"),
      (#"{"_context_auth_token": "a\"b\\", "b": "c"}"#, #"{"_context_auth_token": "******", "b": "c"}"#),
      (#"{"_context_auth_token": "", "b": "c"}"#, #"{"_context_auth_token": "", "b": "c"}"#),
      (#"{"_context_auth_token": null, "b": "c"}"#, #"{"_context_auth_token": null, "b": "c"}"#),
      (#"{"_context_auth_token": 12, "b": "c"}"#, #"{"_context_auth_token": 12, "b": "c"}"#),
      (
        #"{"_context_auth_token": ["x", {"y": "z"}], "b": "c"}"#,
        #"{"_context_auth_token": ["*", {"*": "*"}], "b": "c"}"#
      ),
      (
        #"{"x_context_auth_token": "keep", "_context_auth_token_x": "keep"}"#,
        #"{"x_context_auth_token": "keep", "_context_auth_token_x": "keep"}"#
      ),
      (#"["_context_auth_token", "keep"]"#, #"["_context_auth_token", "keep"]"#),
      (#"{"a": "_context_auth_token", "b": "keep"}"#, #"{"a": "_context_auth_token", "b": "keep"}"#),
      (
        #"{"_context_auth_token": "one", "_context_auth_token": "two"}"#,
        #"{"_context_auth_token": "***", "_context_auth_token": "***"}"#
      ),
      (#"{"_context_auth_token": "cut off"#, #"{"_context_auth_token": "*******"#),
      (#"{"_context_auth_token": "cut\"#, #"{"_context_auth_token": "****"#),
      (#"{"_context_auth_token": ["cut", "of"#, #"{"_context_auth_token": ["***", "**"#),
      (#"{"_context_auth_token""#, #"{"_context_auth_token""#), (#""_context_auth_token"#, #""_context_auth_token"#),
      (#"{"_context_auth_token": "#, #"{"_context_auth_token": "#),
      (#"{"_context_auth_token\"#, #"{"_context_auth_token\"#),
      (#"no json "_context_auth_token": "secret" at all"#, #"no json "_context_auth_token": "******" at all"#),
      (#"{"\u005fcontext\u005Fauth_token": "secret"}"#, #"{"\u005fcontext\u005Fauth_token": "******"}"#),
      (#"{"_conte\u0078t_auth_tok\u0065n": "secret"}"#, #"{"_conte\u0078t_auth_tok\u0065n": "******"}"#),
      (#"{"_conte\u0079t_auth_token": "keep \u00e9"}"#, #"{"_conte\u0079t_auth_token": "keep \u00e9"}"#),
      (#"{"_context_auth_token": "sec\u00e9ret"}"#, #"{"_context_auth_token": "************"}"#),
      ("", ""),
    ])
  func table(text: String, expected: String) {
    #expect(blanked(text) == expected)
    #expect(blanked(text).utf8.count == text.utf8.count)
  }

  @Test("JSON inside JSON strings is blanked at every level, and its neighbours stay", arguments: 0...5)
  func levels(level: Int) throws {
    for secret in ["secret", "q\"uo\\te", "back\\", "\\\\\"", "\n\t", "\"", "a\"], {b"] {
      var output: [UInt8] = []
      output.appendJSON(text: secret.utf8)
      var text =
        #"{"before": "a\"b", "_context_auth_token": \#(String(decoding: output, as: UTF8.self)), "after": "c\\"}"#
      for _ in 0..<level { text = "{\"wrapped\":\"\(escaped(text))\",\"outside\":\"d\"}" }
      text = blanked(text)
      for _ in 0..<level {
        let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String])
        #expect(object["outside"] == "d")
        text = try #require(object["wrapped"])
      }
      let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String])
      #expect(object["before"] == "a\"b" && object["after"] == "c\\")
      #expect(object["_context_auth_token"]?.isEmpty == false)
      #expect(object["_context_auth_token"]?.allSatisfy { $0 == "*" } == true, "\(level) \(secret): \(text)")
    }
  }

  @Test("the key is found wherever it stands in a body of any length")
  func everyPlace() {
    for before in 0..<200 {
      for after in [0, 1, 63, 64, 65, 130] {
        let (first, last) = (String(repeating: "n", count: before), String(repeating: "_", count: after))
        let text = #"{"\#(first)": 1, "_context_auth_token": "secret", "\#(last)": 2}"#
        #expect(blanked(text) == text.replacing("secret", with: "******"))
      }
    }
  }

  @Test("indented JSON inside a string is blanked too")
  func indented() {
    let text = #"{"oslo.message": "{\n  \"_context_auth_token\"\t:\n \"secret\",\n \"b\": \"c\"}"}"#
    #expect(blanked(text) == text.replacing("secret", with: "******"))
  }

  private static let secret = "gAAAAABlive-token-must-never-leave"

  @Test("an older sender's token is in nothing that an event hands out")
  func olderSender() throws {
    let body = try NotificationFixture.notification("esi-leap.lease.fulfill.end.older-sender.v2")
    let secret = Array(Self.secret.utf8)
    #expect(body.firstRange(of: secret) != nil, "the sample holds the token")
    let decoder = EventDecoder()
    let event = try decoder.decode(body)
    let stars = Array(String(repeating: "*", count: secret.count).utf8)
    #expect(event.body == body.replacing(secret, with: stars))
    #expect(event.body.firstRange(of: secret) == nil && event.normalizedJSON().firstRange(of: secret) == nil)
    #expect(String(decoding: event.normalizedJSON(), as: UTF8.self).contains("auth_token") == false)
    for (path, value) in event.addressablePaths() {
      var output: [UInt8] = []
      value.appendJSON(to: &output)
      #expect(output.firstRange(of: secret) == nil && !path.contains("auth_token"))
    }
  }

  @Test("the token is in no refused body, wherever it was cut off, and in no reason")
  func refusedBodies() throws {
    let body = try NotificationFixture.notification("esi-leap.lease.fulfill.end.older-sender.v2")
    let place = try #require(body.firstRange(of: Array(Self.secret.utf8)))
    let decoder = EventDecoder()
    for length in stride(from: place.lowerBound + 4, to: body.count, by: 1) {
      let reason = try #require(decoder.refusal(Array(body[..<length])))
      #expect(!reason.contains("gAAA"))
      #expect(decoder.lastBody.count == length && decoder.lastBody.firstRange(of: Array("gAAA".utf8)) == nil)
    }
  }

  @Test(
    "in a body that is no JSON nothing is kept behind a key in another notation",
    arguments: [
      ("{'_context_auth_token': 'secret', 'b': 'c'}", "{'_context_auth_token**********************"),
      ("_context_auth_token=secret", "_context_auth_token*******"),
      (#"x "_context_auth_token": "secret" y"#, #"x "_context_auth_token": "******" y"#),
    ])
  func otherNotation(text: String, expected: String) {
    let decoder = EventDecoder()
    #expect(decoder.refusal(Array(text.utf8)) != nil)
    #expect(String(decoding: decoder.lastBody, as: UTF8.self) == expected)
  }

  @Test("what blanking missed makes no event, and the body is blanked whole")
  func lastDefence() throws {
    // A space between key and colon that is itself an escape, two levels up: nothing sends this.
    let inner = #"{\"event_type\":\"t\",\"payload\":{\"_context_auth_token\"\u0020:\u0020\"secret\"}}"#
    let body = "{\"oslo.version\":\"2.0\",\"oslo.message\":\"\(inner)\"}"
    let decoder = EventDecoder()
    #expect(
      decoder.refusal(Array(body.utf8)) == "The body holds `_context_auth_token` in a form that could not be blanked.")
    #expect(decoder.lastBody == [UInt8](repeating: UInt8(ascii: "*"), count: body.utf8.count))
    #expect(decoder.refusal(Array("{}".utf8)) == nil, "the next body is not blamed")
  }
}
