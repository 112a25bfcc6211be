// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events

@Suite struct InvocationTests {
  private let decoder = EventDecoder()
  private let run = RunFacts(runID: "r-1", eventNumber: 7, attempt: 2)

  private static func action(_ parameters: String..., change: (inout Action) throws -> Void = { _ in }) throws -> Action
  {
    let command = Command(path: "/opt/script", words: [Array("script".utf8), Array("-v".utf8)])
    var action = Action(name: "lease", place: "test:1", command: command)
    action.environment = [Array("PATH=/bin".utf8)]
    action.parameters = try parameters.map { try Parameter($0) }
    try change(&action)
    return action
  }

  private static func texts(_ strings: [[UInt8]]) -> [String] { strings.map { String(decoding: $0, as: UTF8.self) } }

  private func esiLeap(_ name: String) throws -> Event {
    var envelope = Envelope(source: "default")
    envelope.routingKey = "esi_leap_versioned_notifications.info"
    return try decoder.decode(try NotificationFixture.notification(name), envelope)
  }

  @Test("The documented parameters give their arguments, a null time an empty one in its place")
  func passesNull() throws {
    for name in ["esi-leap.lease.fulfill.end.v2", "esi-leap.lease.fulfill.end.v1"] {
      let invocation = try Self.action("node_name", "fulfill_time", "end_time").invocation(for: esiLeap(name), run)
      #expect(invocation.path == "/opt/script")
      #expect(
        Self.texts(invocation.arguments) == ["script", "-v", "MOC-R8PAC23U24", "", "2026-11-27T12:00:00Z"], "\(name)")
    }
  }

  @Test("A hostile purpose arrives as one argument, unchanged")
  func passesHostileText() throws {
    let event = try esiLeap("esi-leap.lease.fulfill.end.hostile.v2")
    let action = try Self.action("purpose", "name", "\"--purpose={purpose}\"")
    let invocation = try action.invocation(for: event, run)
    let purpose = "x; touch /tmp/pwned \"'`$(id)`\n-rf"
    #expect(Self.texts(invocation.arguments) == ["script", "-v", purpose, "-n", "--purpose=" + purpose])
    #expect(Self.texts(invocation.environment).contains("ONEVENT_PARAM_PURPOSE=" + purpose))
  }

  @Test("A text of 100 KB arrives unchanged")
  func passesLongText() throws {
    let text = String(repeating: "é $(x) ", count: 12_500)
    let event = try decoder.decode(text: #"{"purpose": "\#(text)"}"#)
    let invocation = try Self.action("purpose").invocation(for: event, run)
    #expect(invocation.arguments.last == Array(text.utf8))
  }

  @Test(
    "What the system cannot pass is refused, with the advice to read standard input",
    arguments: [
      (131_072, "\"{p}\"", 1_000_000), (131_071, "p", 1_000_000), (60_000, "p", 100_000),
    ])
  func refusesLongText(_ count: Int, _ parameter: String, _ total: Int) throws {
    let event = try decoder.decode(text: #"{"p": "\#(String(repeating: "x", count: count))"}"#)
    let refusal = try #require(throws: Refusal.self) {
      try Self.action(parameter).invocation(for: event, run, ArgumentSpace(total: total))
    }
    #expect(refusal.description.contains("standard input"))
    #expect(refusal.description.utf8.count < 400)
  }

  @Test("The longest argument that Linux takes is passed, in a text without a name in the environment")
  func passesLongest() throws {
    let event = try decoder.decode(text: #"{"p": "\#(String(repeating: "x", count: 131_071))"}"#)
    let invocation = try Self.action("\"{p}\"").invocation(for: event, run, ArgumentSpace(total: 1_000_000))
    #expect(invocation.arguments.last?.count == 131_071)
  }

  @Test("A NUL byte is refused, since it would end the argument")
  func refusesNUL() throws {
    let event = try decoder.decode(text: #"{"p": "a\u0000b"}"#)
    let refusal = try #require(throws: Refusal.self) { try Self.action("p").invocation(for: event, run) }
    #expect(refusal.description.contains("NUL byte"))
  }

  @Test("dash_params = refuse stops a value that begins an argument with -, and nothing else")
  func refusesDashes() throws {
    let event = try decoder.decode(text: #"{"p": "-rf", "n": -5, "empty": "", "ok": "a-b"}"#)
    for entry in ["p", "n", "\"{p}\"", "\"{empty}{p}\"", "p?"] {
      let action = try Self.action(entry) { $0.dashPolicy = .refuse }
      let refusal = try #require(throws: Refusal.self, "\(entry)") { try action.invocation(for: event, run) }
      #expect(refusal.description.contains("begins with -"))
      #expect(throws: Never.self) { try Self.action(entry).invocation(for: event, run) }
    }
    for entry in ["ok", "\"--x={p}\"", "\"-v\"", "missing:--x", "\"{empty}-x\""] {
      let action = try Self.action(entry) { $0.dashPolicy = .refuse }
      #expect(throws: Never.self, "\(entry)") { try action.invocation(for: event, run) }
    }
  }

  @Test("The environment is the configured one, the facts of event and run, and the parameters")
  func buildsEnvironment() throws {
    let action = try Self.action("node_name", "\"{uuid}\"") {
      $0.environmentParameters = [("LEASE", try Parameter("uuid"))]
    }
    let invocation = try action.invocation(for: esiLeap("esi-leap.lease.fulfill.end.v2"), run)
    #expect(
      Self.texts(invocation.environment) == [
        "PATH=/bin", "ONEVENT=1", "ONEVENT_ACTION=lease", "ONEVENT_EVENT_ID=\(try id("esi-leap.lease.fulfill.end.v2"))",
        "ONEVENT_EVENT_NUMBER=7", "ONEVENT_EVENT_TYPE=esi_leap.lease.fulfill.end",
        "ONEVENT_EVENT_TIME=\(try time("esi-leap.lease.fulfill.end.v2"))",
        "ONEVENT_SUBJECT=c9a1d7e2-4f3b-4f0a-8a55-1c2d3e4f5a6b", "ONEVENT_SOURCE=default",
        "ONEVENT_ROUTING_KEY=esi_leap_versioned_notifications.info", "ONEVENT_RUN_ID=r-1", "ONEVENT_ATTEMPT=2",
        "ONEVENT_PARAM_NODE_NAME=MOC-R8PAC23U24", "LEASE=5a8b4a1c-6a2e-4b0e-9d4e-2f0c9b1f7e11",
      ])
  }

  private func id(_ name: String) throws -> String { try #require(try esiLeap(name).id) }
  private func time(_ name: String) throws -> String { try #require(try esiLeap(name).time) }

  @Test("A fact that is not there is empty; one that no environment can hold is left out")
  func handlesOddFacts() throws {
    var envelope = Envelope(source: "default")
    envelope.routingKey = "a\0b"
    let invocation = try Self.action().invocation(for: decoder.decode(text: "{}", envelope), run)
    let names = Self.texts(invocation.environment)
    #expect(names.contains("ONEVENT_EVENT_ID="))
    #expect(names.contains("ONEVENT_SUBJECT="))
    #expect(!names.contains { $0.hasPrefix("ONEVENT_ROUTING_KEY") || $0.hasPrefix("ONEVENT_EVENT_TYPE") })
  }

  @Test("A token of the sender's is in no argument, environment or standard input")
  func hidesToken() throws {
    let body = #"""
      {"oslo.version": "2.0", "oslo.message": "{\"event_type\": \"a.b\", \"_context_auth_token\": \"s3cret\", \"payload\": {\"p\": 1}}"}
      """#
    let event = try decoder.decode(text: body)
    for mode in Action.StandardInput.allCases {
      let action = try Self.action("p") { $0.standardInput = mode }
      let invocation = try action.invocation(for: event, run)
      let everything = invocation.arguments + invocation.environment + [invocation.standardInput ?? []]
      #expect(!everything.contains { String(decoding: $0, as: UTF8.self).contains("s3cret") })
    }
  }

  @Test("Standard input is the event, the payload, the body or nothing")
  func feedsStandardInput() throws {
    let body = #"{"flavor": {"n_object.name": "F", "n_object.data": {"k": 1.0}}, "b":2}"#
    let event = try decoder.decode(text: body)
    func input(_ mode: Action.StandardInput) throws -> String? {
      let action = try Self.action { $0.standardInput = mode }
      return try action.invocation(for: event, run).standardInput.map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(try input(.body) == body)
    #expect(try input(.payload) == #"{"flavor":{"k":1.0},"b":2}"#)
    #expect(try input(.none) == nil)
    #expect(try input(.event)?.contains(#""payload":{"flavor":{"k":1.0},"b":2}"#) == true)
  }

  @Test("The rest of an invocation is the action's")
  func copiesLimits() throws {
    let action = try Self.action {
      $0.timeout = .seconds(5)
      $0.killAfter = .seconds(1)
      $0.workingDirectory = "/srv"
    }
    let invocation = try action.invocation(for: try decoder.decode(text: "{}"), run)
    #expect(invocation.timeout == .seconds(5))
    #expect(invocation.killAfter == .seconds(1))
    #expect(invocation.workingDirectory == "/srv")
  }

  @Test(
    "Runs are ordered by the text of a value; missing, null and empty values order nothing",
    arguments: [
      ("node", "n1"), ("number", "5"), ("text5", "5"), ("null", nil), ("empty", nil), ("missing", nil), ("list", "[1]"),
      ("flag", "true"),
    ])
  func orders(_ path: String, _ expected: String?) throws {
    let event = try decoder.decode(
      text: #"{"node": "n1", "number": 5, "text5": "5", "null": null, "empty": "", "list": [1], "flag": true}"#)
    let action = try Self.action { $0.orderBy = try FieldPath(path) }
    #expect(action.orderingKey(for: event) == expected)
    #expect(try Self.action().orderingKey(for: event) == nil)
  }

  @Test("The default order is the event's subject")
  func ordersBySubject() throws {
    let action = try Self.action { $0.orderBy = try FieldPath("@subject") }
    let event = try esiLeap("esi-leap.lease.fulfill.end.v2")
    #expect(action.orderingKey(for: event) == "c9a1d7e2-4f3b-4f0a-8a55-1c2d3e4f5a6b")
  }
}
