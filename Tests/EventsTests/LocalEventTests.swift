// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events

@Suite struct LocalEventTests {
  private let decoder = EventDecoder()

  private static func envelope() -> Envelope {
    var envelope = Envelope(source: "local")
    envelope.contentType = Envelope.localContentType
    envelope.messageID = "made"
    envelope.received = 1_795_000_000_123_456_000
    return envelope
  }

  private func event(_ body: String, _ mapping: EventMapping? = nil) throws -> Event {
    let decoder = mapping.map { EventDecoder($0, inflatedLimit: 1 << 20) } ?? decoder
    return try decoder.decode(text: body, Self.envelope())
  }

  private let whole = """
    {"type":"door.opened","tags":["site:north","urgent"],"subject":"d-1","timestamp":"2026-11-21T08:00:00+01:00",\
    "id":"7","objects":{"door":"d-1","node":"n-1"},"payload":{"value":1.50,"nested":{"a":[1]}}}
    """

  @Test("what the publisher says is found where the event's facts are")
  func facts() throws {
    let event = try event(whole)
    #expect(event.type == "door.opened")
    #expect(event.id == "7")
    #expect(event.time == "2026-11-21T08:00:00+01:00")
    #expect(event.subjectName == "d-1")
    #expect(event.tags == ["site", "site:north", "urgent"])
    #expect(event.objects.map { "\($0.kind):\($0.name)" } == ["door:d-1", "node:n-1"])
    #expect(event.measurement == 1.5)
    #expect(try event.value(at: FieldPath("value")).name == "1.50")
    #expect(try event.value(at: FieldPath("nested.a.0")).name == "1")
    #expect(try event.value(at: FieldPath("@object.node")).name == "n-1")
    #expect(event.publisher == nil && event.priority == nil)
  }

  @Test("what the publisher leaves out is given: a type, the id of the envelope, the time of receipt")
  func defaults() throws {
    let event = try event("{}")
    #expect(event.type == "event")
    #expect(event.id == "made")
    #expect(event.time == Event.instant(Self.envelope().received))
    #expect(event.age == .zero)
    #expect(event.subjectName == nil && event.tags.isEmpty && event.objects.isEmpty)
    #expect(event.measurement == nil)
  }

  @Test("the source's paths fill what the publisher leaves out, and no more")
  func mapping() throws {
    var mapping = EventMapping()
    mapping.id = try FieldPath("number")
    mapping.time = try FieldPath("at")
    mapping.subject = [try FieldPath("door")]
    mapping.objects = [("door", try FieldPath("door")), ("room", try FieldPath("room"))]
    let payload = #""payload":{"number":5,"at":"2026-01-01T00:00:00Z","door":"p-1","room":"r-1"}"#
    let filled = try event("{\(payload)}", mapping)
    #expect(filled.id == "5" && filled.time == "2026-01-01T00:00:00Z" && filled.subjectName == "p-1")
    #expect(filled.objects.map { "\($0.kind):\($0.name)" } == ["door:p-1", "room:r-1"])
    let said = try event(#"{"id":"1","subject":"s","objects":{"door":"d"},\#(payload)}"#, mapping)
    #expect(said.id == "1" && said.subjectName == "s")
    #expect(said.objects.map { "\($0.kind):\($0.name)" } == ["door:d", "room:r-1"])
  }

  @Test("the form is told by the content type, so that a stored event is read again whatever its source is now")
  func stored() throws {
    let stored = Envelope(stored: Self.envelope().storedJSON, source: "gone", received: 1)
    var mapping = EventMapping()
    mapping.format = .text
    let event = try EventDecoder(mapping, inflatedLimit: 1 << 20).decode(text: whole, stored)
    #expect(event.type == "door.opened" && event.tags.count == 3)
    #expect(String(decoding: event.normalizedJSON(), as: UTF8.self).contains(#""objects":{"door":"d-1","node":"n-1"}"#))
  }

  @Test("an id with the same content is the same event, with other content another")
  func identity() throws {
    let first = try event(#"{"id":"1","payload":1}"#).identity
    #expect(try event(#"{"id":"1","payload":1}"#).identity == first)
    #expect(try event(#"{"id":"1","payload":2}"#).identity != first)
  }

  @Test("a body that is no object is refused, and so is a token that cannot be blanked away")
  func refusals() throws {
    for body in ["[]", "1", "", "{", #"{"type":"\#(String(repeating: "a", count: 256))"}"#] {
      #expect(throws: DecodingFailure.self) { try event(body) }
    }
    let blanked = try event(#"{"payload":{"_context_auth_token":"secret"}}"#)
    #expect(!String(decoding: blanked.body, as: UTF8.self).contains("secret"))
  }
}
