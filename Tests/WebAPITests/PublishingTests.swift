// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import ProgramFixture
import Synchronization
import Testing

@testable import WebAPI

@Suite struct PublishingTests {
  private static func read(
    _ body: String, _ type: String? = "application/json", _ headers: [(String, String)] = []
  ) throws(Problem) -> [String] {
    try PublishRequest(Array(body.utf8), contentType: type, headers: headers.map { (name: $0.0, value: $0.1) })
      .publications.map { String(decoding: $0.body, as: UTF8.self) }
  }

  private static func problem(
    _ body: String, _ type: String? = "application/json", _ headers: [(String, String)] = []
  ) -> Problem? {
    do {
      _ = try read(body, type, headers)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "an event is kept in one form, however it was written",
    arguments: [
      ("{}", #"{"type":"event"}"#),
      (
        #"{"payload": {"b": 1.50, "a": [true, null]}, "type": "door.opened"}"#,
        #"{"type":"door.opened","payload":{"b":1.50,"a":[true,null]}}"#
      ),
      (#"{"type": "t", "value": 7}"#, #"{"type":"t","payload":{"value":7}}"#),
      (#"{"type": "t", "value": [1], "payload": {"x": {}}}"#, #"{"type":"t","payload":{"x":{},"value":[1]}}"#),
      (#"{"type": "t", "value": 7, "payload": {}}"#, #"{"type":"t","payload":{"value":7}}"#),
      (#"{"type": "t", "value": 7, "payload": null}"#, #"{"type":"t","payload":{"value":7}}"#),
      (#"{"payload": "text"}"#, #"{"type":"event","payload":"text"}"#),
      (#"{"tags": "a:b"}"#, #"{"type":"event","tags":["a:b"]}"#),
      (#"{"tags": ["a", "b", "a", 7]}"#, #"{"type":"event","tags":["a","b","7"]}"#),
      (#"{"tags": []}"#, #"{"type":"event"}"#),
      (
        #"{"id": 5, "subject": "s", "timestamp": "2026-11-27T12:00:00+01:00", "objects": {"node": "n-1", "lease": 4}}"#,
        #"{"type":"event","subject":"s","timestamp":"2026-11-27T12:00:00+01:00","id":"5","objects":{"node":"n-1","lease":"4"}}"#
      ),
      (#"{"type": "a", "type": "b", "subject": null, "tags": null}"#, #"{"type":"b"}"#),
      (#"{"value": 1e400}"#, #"{"type":"event","payload":{"value":1e400}}"#),
    ])
  func form(written: String, kept: String) throws {
    #expect(try Self.read(written) == [kept])
    #expect(try Self.read("[\(written), {}]") == [kept, #"{"type":"event"}"#])
  }

  @Test(
    "what is no event is refused by the field that is wrong, in a list with its index",
    arguments: [
      (#"{"typ": "a"}"#, "typ"), (#"{"type": 1}"#, "type"), (#"{"type": ""}"#, "type"),
      (#"{"type": "onevent.run.failed"}"#, "type"), (#"{"type": "onevent"}"#, "type"),
      (#"{"type": "a\u0000b"}"#, "type"),
      (#"{"type": "a\nb"}"#, "type"), (#"{"tags": {}}"#, "tags"), (#"{"tags": [[]]}"#, "tags"),
      (#"{"tags": [""]}"#, "tags"),
      (#"{"tags": [true]}"#, "tags"), (#"{"subject": {}}"#, "subject"), (#"{"subject": "\u0007"}"#, "subject"),
      (#"{"id": []}"#, "id"), (#"{"timestamp": "yesterday"}"#, "timestamp"),
      (#"{"timestamp": "2026-11-27T12:00:00"}"#, "timestamp"), (#"{"timestamp": "2026-11-27"}"#, "timestamp"),
      (#"{"timestamp": 1795000000}"#, "timestamp"), (#"{"objects": []}"#, "objects"),
      (#"{"objects": {"a": {}}}"#, "objects.a"),
      (#"{"objects": {"": "x"}}"#, "objects"), (#"{"value": 1, "payload": 2}"#, "value"),
      (#"{"value": 1, "payload": {"value": 2}}"#, "value"), (#"{"specversion": "1.0"}"#, "specversion"),
    ])
  func refusals(event: String, field: String) throws {
    let alone = try #require(Self.problem(event))
    #expect(alone.kind == .invalid && alone.field == field)
    let listed = try #require(Self.problem("[{}, \(event)]"))
    #expect(listed.kind == .invalid && listed.field == "[1].\(field)")
    #expect(listed.detail.hasPrefix("event [1] of the list: "))
  }

  @Test(
    "a type has 1 to 255 bytes, a tag too, and there are bounds for all that repeats",
    arguments: [
      (#"{"type": "\#(String(repeating: "é", count: 127))x"}"#, true),
      (#"{"type": "\#(String(repeating: "é", count: 128))"}"#, false),
      (#"{"tags": ["\#(String(repeating: "t", count: 255))"]}"#, true),
      (#"{"tags": ["\#(String(repeating: "t", count: 256))"]}"#, false),
      (#"{"tags": [\#((0..<64).map(String.init).joined(separator: ","))]}"#, true),
      (#"{"tags": [\#((0..<65).map(String.init).joined(separator: ","))]}"#, false),
      (#"{"objects": {\#((0..<32).map { "\"\($0)\": 1" }.joined(separator: ","))}}"#, true),
      (#"{"objects": {\#((0..<33).map { "\"\($0)\": 1" }.joined(separator: ","))}}"#, false),
      (#"{"subject": "\#(String(repeating: "s", count: 1025))"}"#, false),
    ])
  func bounds(event: String, isTaken: Bool) {
    #expect((Self.problem(event) == nil) == isTaken)
  }

  @Test(
    "hostile bodies are refused as what they are",
    arguments: [
      "", " ", "nul", "{", "[", "[]", "1", "\"a\"", "{}{}", "{\"type\":\"\u{0}\"}", "{\"a\":NaN}",
      String(repeating: "[", count: 600) + String(repeating: "]", count: 600),
      #"{"payload":\#(String(repeating: "{\"a\":", count: 100_000))"#,
    ])
  func hostile(body: String) throws {
    let problem = try #require(Self.problem(body))
    #expect(problem.kind == .invalid)
  }

  @Test("bytes that are no UTF-8 are refused, in JSON, YAML and the text of a CloudEvent's attribute")
  func encoding() {
    for type in ["application/json", "application/yaml", "application/cloudevents+json"] {
      #expect(throws: Problem.self) {
        try PublishRequest(
          Array("{\"type\":\"".utf8) + [0xFF, 0xC0] + Array("\"}".utf8), contentType: type, headers: [])
      }
    }
  }

  @Test("a list of more than a thousand is too large, a thousand is not")
  func largeList() throws {
    func list(_ count: Int) -> String { "[\(Array(repeating: "{}", count: count).joined(separator: ","))]" }
    #expect(try Self.read(list(1_000)).count == 1_000)
    #expect(Self.problem(list(1_001))?.kind == .tooLarge)
  }

  @Test("YAML is read as JSON is, with its own types; what is wrong with it has its place")
  func yaml() throws {
    let text = "type: door.opened\ntags: [a, 'b:c']\npayload:\n  value: 1.50\n  open: yes\n  shut: false\n"
    for type in ["application/yaml", "text/x-yaml; charset=utf-8"] {
      #expect(
        try Self.read(text, type) == [
          #"{"type":"door.opened","tags":["a","b:c"],"payload":{"value":1.50,"open":"yes","shut":false}}"#
        ])
    }
    #expect(try Self.read("- {type: a}\n- type: b\n", "application/yaml").count == 2)
    #expect(Self.problem("type: a\ntype: b\n", "application/yaml")?.detail.contains("line 2, column 1") == true)
    #expect(Self.problem("a: &a [*a]\n", "application/yaml")?.kind == .invalid)
    #expect(Self.problem("typ: a", "application/yaml")?.field == "typ")
  }

  @Test(
    "other types of bodies are refused with what is read",
    arguments: ["text/plain", "application/x-www-form-urlencoded"])
  func otherTypes(type: String) throws {
    let problem = try #require(Self.problem("{}", type))
    #expect(problem.kind == .unsupportedType && problem.kind.status == 415)
    #expect(problem.detail.contains("application/json"))
    #expect(try Self.read("{}", nil).count == 1)
  }

  private static let cloudEvent =
    #"{"specversion":"1.0","id":"1","source":"/s","type":"door.opened","data":{"value":1}}"#

  @Test("CloudEvents come structured, in batches, and as headers with data")
  func cloudEvents() throws {
    #expect(try Self.read(Self.cloudEvent, "application/cloudevents+json; charset=UTF-8") == [Self.cloudEvent])
    let batch = try Self.read("[\(Self.cloudEvent),\(Self.cloudEvent)]", "application/cloudevents-batch+json")
    #expect(batch.count == 2)
    let headers = [
      ("ce-specversion", "1.0"), ("Ce-Id", "1"), ("ce-source", "/s"), ("ce-type", "d%20%C3%A9"), ("ce-room", "100%+5%"),
    ]
    let binary = try PublishRequest(
      Array("7".utf8), contentType: "application/json", headers: headers.map { (name: $0.0, value: $0.1) }
    ).publications[0]
    #expect(binary.headers.map(\.name) == ["specversion", "id", "source", "type", "room"].map { "cloudEvents_\($0)" })
    #expect(binary.headers[3].value == .text("d é") && binary.headers[4].value == .text("100%+5%"))
    #expect(binary.isNamed && binary.body == Array("7".utf8))
  }

  @Test(
    "a CloudEvent without what it must have is refused by name",
    arguments: ["specversion", "id", "source", "type"])
  func cloudEventRefusals(name: String) throws {
    let without = Self.cloudEvent.replacingOccurrences(of: "\"\(name)\":", with: "\"x\(name)\":")
    #expect(Self.problem(without, "application/cloudevents+json")?.field == name)
    let number = Self.cloudEvent.replacingOccurrences(of: "\"\(name)\":\"", with: "\"\(name)\":1,\"y\":\"")
    #expect(Self.problem(number, "application/cloudevents+json")?.field == name)
    let empty = #"{"specversion":"1.0","id":"1","source":"/s","type":"t","\#(name)":""}"#
    #expect(Self.problem("[\(empty)]", "application/cloudevents-batch+json")?.field == "[0].\(name)")
  }

  @Test("a CloudEvent is refused for an own type, a time without its offset, another version, an attribute said twice")
  func cloudEventBounds() {
    func problem(_ member: String) -> Problem? {
      Self.problem(
        #"{"specversion":"1.0","id":"1","source":"/s","type":"t",\#(member)}"#, "application/cloudevents+json")
    }
    #expect(problem(#""type":"onevent.run.failed""#)?.field == "type")
    #expect(problem(#""time":"2026-11-27 12:00""#)?.field == "time")
    #expect(problem(#""specversion":"0.3""#)?.field == "specversion")
    #expect(problem(#""data":1"#) == nil)
    let headers = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t"), ("ce-id", "2")]
    #expect(Self.problem("", nil, headers)?.field == "ce-id")
    #expect(Self.problem("{}", "application/cloudevents-batch+json")?.kind == .invalid)
    #expect(Self.problem("[\(Self.cloudEvent)]", "application/cloudevents+json")?.kind == .invalid)
  }

  // MARK: Over HTTP

  @Test("one event is answered as one, with its place; a list as a list; nothing new is no creation")
  func answers() async throws {
    try await ServerScene.with { scene in
      let one = try await Self.post(scene, "{}")
      #expect(one.hasPrefix("HTTP/1.1 201 "))
      #expect(one.lowercased().contains("location: /api/v1/events/17\r\n"))
      #expect(
        one.hasSuffix(
          #"{"event":17,"id":"id-0","type":"t","timestamp":"2026-11-21T08:00:00Z","result":"matched","duplicate":false}"#
        ))
      let list = try await Self.post(scene, #"[{}, {"payload": "?"}]"#)
      #expect(list.hasPrefix("HTTP/1.1 201 ") && list.contains(#"{"events":[{"event":17,"#))
      #expect(list.contains(#""event":18,"id":"id-1","#) && list.contains(#""duplicate":true}]}"#))
      let known = try await Self.post(scene, #"{"payload": "?"}"#)
      #expect(known.hasPrefix("HTTP/1.1 200 ") && known.contains(#""duplicate":true}"#))
      #expect(scene.control.published.withLock { $0.count } == 4)
    }
  }

  @Test("what keeps events out is said by its status, and when to come again")
  func refused() async throws {
    try await ServerScene.with { scene in
      let cases: [(PublishRefusal, Int, String)] = [
        (.busy("full"), 429, "retry-after: 1"), (.unavailable("no disk"), 503, "retry-after: 1"),
        (.off("off"), 409, "off"), (.tooLarge(0, "big"), 413, "big"), (.invalid(0, "bad"), 400, "bad"),
      ]
      for (refusal, status, words) in cases {
        scene.control.publishRefusal.withLock { $0 = refusal }
        let answer = try await Self.post(scene, "{}")
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        #expect(answer.lowercased().contains(words), "\(answer)")
        #expect(answer.contains("application/problem+json"))
      }
      scene.control.publishRefusal.withLock { $0 = .invalid(1, "bad") }
      #expect(try await Self.post(scene, "[{},{}]").contains(#""field":"[1]""#))
      scene.control.publishRefusal.withLock { $0 = nil }
      #expect(try await Self.post(scene, "{}", "text/plain").hasPrefix("HTTP/1.1 415 "))
      #expect(try await Self.post(scene, #"{"x":1}"#).hasPrefix("HTTP/1.1 400 "))
      #expect(scene.control.published.withLock { $0.isEmpty })
    }
  }

  @Test("a body of 8 MiB is read, a larger one is refused before it is, and also one that does not say its size")
  func sizes() async throws {
    try await ServerScene.with { scene in
      func file(_ size: Int) throws -> String {
        let path = scene.directory.appendingPathComponent("body-\(size)").path
        let padding = String(repeating: " ", count: size - 2)
        try Data("{\(padding)}".utf8).write(to: URL(fileURLWithPath: path))
        return "@\(path)"
      }
      #expect(try await Self.post(scene, try file(8 << 20)).hasPrefix("HTTP/1.1 201 "))
      let large = try file(8 << 20 + 1)
      #expect(try await Self.post(scene, large).contains("413 "))
      let unsized = try await scene.curl(
        "-XPOST", "-H", "Content-Type: application/json", "-H", "Transfer-Encoding: chunked", "--data-binary", large,
        "http://x/api/v1/events"
      ).outputText
      #expect(unsized.contains("413 "))
      #expect(scene.control.published.withLock { $0.count } == 1)
    }
  }

  @Test("bodies of all requests together have a bound, and give their room back")
  func budget() throws {
    let budget = BodyBudget()
    try budget.take(BodyBudget.limit - 10)
    try budget.take(10)
    try budget.take(0)
    let refusal = #expect(throws: Problem.self) { try budget.take(1) }
    #expect(refusal?.kind.status == 429 && refusal?.retryAfter == 1)
    budget.giveBack(10)
    try budget.take(10)
    #expect(throws: Problem.self) { try budget.take(1) }
  }

  private static func post(_ scene: ServerScene, _ body: String, _ type: String = "application/json") async throws
    -> String
  {
    try await scene.curl(
      "-XPOST", "-H", "Content-Type: \(type)", "--data-binary", body, "http://x/api/v1/events"
    ).outputText
  }
}
