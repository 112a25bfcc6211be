// SPDX-License-Identifier: Apache-2.0

import Events
import ProgramFixture
import Testing

@testable import ConfigText
@testable import WebAPI

/// libyaml, which reads the configuration, reads from the YAML what the JSON says.
@Suite struct YAMLAnswerTests {
  @Test(
    "YAML says what the JSON says",
    arguments: [
      #"{"a":1,"b":[1,2.50,-3e7],"c":{"d":null,"e":true,"f":{"g":[]}},"h":{},"i":[[1,[2]],{"j":"k"},[{"l":1,"m":2}]]}"#,
      ##"["no","yes","null","~","1.10","2026-11-21","- a","a: b","# c","%d","@e","&f","*g","!h","|",""," x "]"##,
      #"{"no":"on","1":2,"":"empty","a: b":"c","\"q\"":"\\"}"#,
      #"{"text":"line\nline\r\n\ttab \u001b[31m \u007f \u0085 \u00a0 \u2028 \u2029 \ufeff é 日本 😀 </script>"}"#,
      "{\"\(String(repeating: "k", count: 3_000))\":{\"a\":[1]},\"b\":2}", "[]", "{}", "\"text\"", "17", "null",
      #"{"events":[{"event":1,"tags":[],"objects":{"node":"n-1"}},{"event":2,"tags":["a","b"],"objects":{}}]}"#,
    ])
  func roundTrip(json: String) throws {
    let document = JSONDocument()
    try document.parse(Array(json.utf8))
    let yaml = YAMLAnswer.encode(document.root)
    let shown = String(decoding: yaml, as: UTF8.self)
    guard let events = YAMLEvents(yaml) else { throw CancellationError() }
    var tree = YAMLTree(source: try SourceText(bytes: yaml, file: "answer.yaml"), events: events)
    let value = try #require(try tree.document())
    let problems = tree.problems
    #expect(problems.isEmpty, "\(shown)")
    let read = JSONDocument()
    try read.parse(Array(value.json.text.utf8))
    #expect(read.root.json == document.root.json, "\(shown)")
  }

  @Test(
    "YAML is answered where it is named and preferred",
    arguments: [
      ("application/yaml", true), ("text/yaml; q=0.9, application/json;q=0.5", true),
      ("application/json, application/yaml", false), ("*/*", false), ("", false), ("application/yaml;q=0", false),
      ("APPLICATION/X-YAML", true), ("text/html, application/yaml;q=0.1", true),
    ])
  func negotiation(header: String, isYAML: Bool) {
    let reply = Reply(.object([("a", .list([.integer(1)]))])).accepted(by: header)
    #expect(reply.contentType == (isYAML ? "application/yaml" : "application/json"))
    #expect(String(decoding: reply.body, as: UTF8.self) == (isYAML ? "\"a\":\n  - 1\n" : #"{"a":[1]}"#))
  }

  @Test("the server answers as the Accept header says, with the same links")
  func server() async throws {
    try await ServerScene.with { scene in
      let answer = try await scene.curl("--header", "Accept: application/yaml", "http://x/api/v1/events?limit=1")
        .outputText
      #expect(answer.lowercased().contains("content-type: application/yaml"))
      #expect(answer.contains("\"events\":\n  - \"event\": 3\n    \"source\": \"default\"\n"))
      #expect(answer.contains("rel=\"next\""))
      #expect(answer.lowercased().contains("x-total-count: 3"))
    }
  }
}
