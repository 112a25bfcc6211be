// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events

@Suite struct CloudEventTests {
  private func envelope(_ contentType: String?, _ headers: [(String, String)] = []) -> Envelope {
    var envelope = Envelope(source: "s")
    envelope.contentType = contentType
    envelope.routingKey = "key"
    envelope.headers = headers.map { .init(name: $0.0, value: .text($0.1)) }
    return envelope
  }

  private static let required = #""specversion":"1.0","id":"e-1","source":"/disks","type":"disk.full""#

  @Test(
    "structured mode is known by its content type and by its attributes",
    arguments: [nil, "application/cloudevents+json; charset=utf-8", "Application/CloudEvents+JSON"])
  func structured(contentType: String?) throws {
    let decoder = EventDecoder()
    let body =
      "{\(Self.required),\"time\":\"2026-11-20T00:00:00Z\",\"subject\":\"sda\",\"traceparent\":\"00-1\",\"data\":{\"free\":0}}"
    let event = try decoder.decode(text: body, envelope(contentType))
    #expect(event.form == .cloudEventStructured && event.type == "disk.full" && event.id == "e-1")
    #expect(event.time == "2026-11-20T00:00:00Z" && event.publisher == "/disks" && event.subject.name == "sda")
    #expect(event.priority == nil)
    #expect(try event.show("free") == "0" && event.show("@object.subject") == #""sda""#)
    #expect(try event.show("@context.traceparent") == #""00-1""# && event.show("@context.specversion") == #""1.0""#)
  }

  @Test(
    "without the required attributes, or of another version, JSON is plain",
    arguments: ["\"id\":1", "\"specversion\":\"0.3\"", "\"source\":\"\"", "\"type\":null"])
  func notCloudEvents(change: String) throws {
    #expect(try EventDecoder().decode(text: "{\(Self.required),\(change)}", envelope(nil)).form == .plain)
  }

  @Test("binary mode takes its attributes from headers of both spellings", arguments: ["cloudEvents:", "cloudEvents_"])
  func binary(prefix: String) throws {
    let decoder = EventDecoder()
    let headers = [
      ("x", "y"), ("specversion", "1.0"), ("id", "e-1"), ("source", "/s"), ("type", "disk.full"), ("subject", "sda"),
      ("time", "t"), ("part", "7"),
    ]
    let event = try decoder.decode(
      text: #"{"event_type":"mine","payload":{}}"#,
      envelope("application/json", headers.map { ($0 == "x" ? $0 : prefix + $0, $1) }))
    #expect(event.form == .cloudEventBinary && event.type == "disk.full" && event.id == "e-1" && event.time == "t")
    #expect(event.subject.name == "sda" && event.publisher == "/s")
    #expect(
      try event.show("event_type") == #""mine""# && event.show("@context.part") == #""7""#
        && event.show("@context.x") == "missing")
    #expect(
      String(decoding: event.normalizedJSON(), as: UTF8.self).contains(#""context":{"specversion":"1.0","part":"7"}"#))
  }

  private static let binaryHeaders = [
    ("cloudEvents_specversion", "1.0"), ("cloudEvents_id", "1"), ("cloudEvents_type", "t"), ("cloudEvents_source", "s"),
  ]

  @Test("binary data that is not JSON is text, and none at all is null")
  func binaryData() throws {
    let decoder = EventDecoder()
    let text = try decoder.decode(text: "plain é", envelope("text/plain", Self.binaryHeaders))
    #expect(text.payload.kind == .string && text.payload.text == "plain é")
    #expect(try decoder.decode(text: "", envelope(nil, Self.binaryHeaders)).payload.kind == .null)
    #expect(try decoder.decode(text: "", envelope("text/plain", Self.binaryHeaders)).payload.kind == .null)
    #expect(try decoder.decode(text: "[5]", envelope("application/vnd.x+json", Self.binaryHeaders)).payload.count == 1)
    #expect(
      decoder.refusal(Array("x".utf8), envelope("application/json", Self.binaryHeaders))?.hasPrefix(
        "The body is not JSON") == true)
    #expect(
      decoder.refusal([0xFF], envelope("image/png", Self.binaryHeaders))
        == "The body is no text: it is not valid UTF-8.")
  }

  @Test(
    "data in base64 is decoded: JSON as JSON, text as text, and bytes stay encoded",
    arguments: [
      ("", "eyJhIjoxfQ==", #"{"a":1}"#), (#","datacontenttype":"application/json""#, "WzFd", "[1]"),
      (#","datacontenttype":"text/plain""#, "w6kgb2s=", #""é ok""#),
      (#","datacontenttype":"image/png""#, "/wA=", #""/wA=""#),
    ])
  func base64(attributes: String, encoded: String, expected: String) throws {
    let decoder = EventDecoder()
    let event = try decoder.decode(
      text: "{\(Self.required)\(attributes),\"data_base64\":\"\(encoded)\"}", envelope(nil))
    var output: [UInt8] = []
    event.payload.appendJSON(to: &output, unwrapping: true)
    #expect(String(decoding: output, as: UTF8.self) == expected)
  }

  @Test("base64 that is none is refused")
  func invalidBase64() {
    #expect(
      Base64.decode(Array("Zg==".utf8)) == Array("f".utf8) && Base64.decode(Array("Zm8=".utf8)) == Array("fo".utf8))
    #expect(Base64.decode(Array("Zm9vYg==".utf8)) == Array("foob".utf8) && Base64.decode([]) == [])
    for text in ["Z", "Zg=", "Zg", "Z===", "====", "Zg=a", "Z g=", "Zm9-"] {
      #expect(Base64.decode(Array(text.utf8)) == nil, "\(text)")
    }
  }

  @Test("a declared CloudEvent that is none is refused with what is wrong")
  func refusals() {
    let decoder = EventDecoder()
    let structured = envelope("application/cloudevents+json")
    let expected = [
      ("[]", structured, "The body is declared a CloudEvent and is a list, not an object."),
      ("{}", structured, "The CloudEvent's `specversion` is missing, and 1.x is what can be read."),
      (
        #"{"specversion":"0.3"}"#, structured, "The CloudEvent's `specversion` is \"0.3\", and 1.x is what can be read."
      ), (#"{"specversion":"1.0","type":5}"#, structured, "The CloudEvent's `type` is 5, not a text."),
      (
        "[]", envelope("application/cloudevents-batch+json"),
        "The content type \"application/cloudevents-batch+json\" is not supported; application/cloudevents+json is."
      ),
      ("{\(Self.required),\"data_base64\":\"?\"}", structured, "The CloudEvent's `data_base64` is not base64."),
      (
        "{\(Self.required),\"data_base64\":\"ew==\"}", structured,
        "The CloudEvent's `data_base64` is not JSON: expected a key in quotes, found the end at byte 1."
      ),
      (
        "{}", envelope(nil, [("cloudEvents_specversion", "2.0")]),
        "The CloudEvent's `specversion` is \"2.0\", and 1.x is what can be read."
      ),
      (
        "{}", envelope(nil, [("cloudEvents_specversion", "1.0")]),
        "The CloudEvent has no header `cloudEvents_type` with a text."
      ),
    ]
    for (text, envelope, reason) in expected { #expect(decoder.refusal(Array(text.utf8), envelope) == reason) }
  }

  @Test("a token inside base64 is blanked as well")
  func tokenInBase64() throws {
    // {"_context_auth_token":"secret"}
    let body = "{\(Self.required),\"data_base64\":\"eyJfY29udGV4dF9hdXRoX3Rva2VuIjoic2VjcmV0In0=\"}"
    #expect(try EventDecoder().decode(text: body, envelope(nil)).show("_context_auth_token") == #""******""#)
  }
}
