// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events

@Suite struct EventDecoderTests {
  @Test(
    "every sample notification becomes an event with id, type, time, subject and payload",
    arguments: NotificationFixture.notifications)
  func samples(name: String) throws {
    let decoder = EventDecoder()
    let event = try decoder.decode(NotificationFixture.notification(name))
    #expect(event.form == .oslo)
    #expect(event.id?.count == 36)
    #expect(event.time?.hasPrefix("2026-11-20 22:14:1") == true)
    #expect(event.type.contains("."))
    #expect(event.payload.kind == .object)
    #expect(event.subject.name?.count == 36)
    #expect(["INFO", "ERROR"].contains(event.priority))
  }

  @Test("formats 2.0 and 1.0 of one notification give the same values")
  func bothFormats() throws {
    let (first, second) = (EventDecoder(), EventDecoder())
    let new = try first.decode(NotificationFixture.notification("esi-leap.lease.fulfill.end.v2"))
    let old = try second.decode(NotificationFixture.notification("esi-leap.lease.fulfill.end.v1"))
    #expect(new.type == "esi_leap.lease.fulfill.end")
    #expect(old.type == new.type)
    let paths = new.addressablePaths().filter { !["@id", "@time"].contains($0.path) }
    #expect(paths.count > 50)
    for (path, _) in paths { #expect(try old.show(path) == new.show(path)) }
  }

  @Test(
    "values of the services that a sample stands for",
    arguments: [
      ("esi-leap.lease.fulfill.end.v2", "fulfill_time", "null"),
      ("esi-leap.lease.fulfill.end.v2", "properties.vendor", #""foo""#),
      ("esi-leap.lease.fulfill.end.v2", "node_properties.vendor", #""dell""#),
      ("esi-leap.lease.fulfill.end.v2", "@subject", #""c9a1d7e2-4f3b-4f0a-8a55-1c2d3e4f5a6b""#),
      ("esi-leap.lease.fulfill.end.v2", "@object.lease", #""5a8b4a1c-6a2e-4b0e-9d4e-2f0c9b1f7e11""#),
      ("esi-leap.lease.fulfill.end.v2", "@object.owner", #""0f1e2d3c4b5a69788796a5b4c3d2e1f0""#),
      ("esi-leap.lease.fulfill.end.v2", "@object.instance", "missing"),
      ("esi-leap.lease.fulfill.end.v2", "@context.roles", #"["admin","member"]"#),
      ("esi-leap.lease.fulfill.end.v2", "@context.roles.1", #""member""#),
      ("esi-leap.lease.fulfill.end.v2", "@context.is_admin", "true"),
      ("esi-leap.lease.fulfill.end.v2", "@publisher", #""esi-leap-manager.esi-host""#),
      ("esi-leap.lease.fulfill.end.v2", "@raw.esi_leap_object.data.id", "4711"),
      ("esi-leap.lease.fulfill.end.v2", "esi_leap_object.name", "missing"),
      ("esi-leap.lease.fulfill.end.hostile.v2", "name", #""-n""#),
      ("esi-leap.lease.fulfill.end.hostile.v2", "purpose", #""x; touch /tmp/pwned \"'`$(id)`\n-rf""#),
      ("ironic.node.provision_set.end.v2", "properties.cpus", "40"),
      ("ironic.node.provision_set.end.v2", "extra.pdu.1", "2"),
      ("ironic.node.provision_set.end.v2", "@subject", #""1be26c0b-03f2-4d2e-ae87-c02d7f33c123""#),
      ("ironic.node.provision_set.end.v2", "@object.project", #""1b7b4b8f2a3e4c5d9e6f7a8b9c0d1e2f""#),
      ("ironic.node.provision_set.end.v2", "@object.instance", "missing"),
      ("nova.instance.power_on.end.v2", "flavor.name", #""test_flavor""#),
      ("nova.instance.power_on.end.v2", "flavor.rxtx_factor", "1.0"),
      ("nova.instance.power_on.end.v2", "ip_addresses.0.address", #""192.168.1.3""#),
      ("nova.instance.power_on.end.v2", "ip_addresses[0].address", #""192.168.1.3""#),
      ("nova.instance.power_on.end.v2", "flavor.extra_specs.hw:watchdog_action", #""disabled""#),
      ("nova.instance.power_on.end.v2", "@raw.nova_object.data.flavor.nova_object.data.name", #""test_flavor""#),
      ("nova.instance.power_on.end.v2", "@subject", #""178b0921-8f85-4257-88b6-2e743b5a975c""#),
      ("nova.instance.power_on.end.v2", "@object.host", #""compute-3""#),
      ("nova.instance.power_on.end.v2", "@object.project", #""6f70656e737461636b20342065766572""#),
      ("nova.compute.instance.power_on.end.unversioned.v2", "@subject", #""178b0921-8f85-4257-88b6-2e743b5a975c""#),
      ("nova.compute.instance.power_on.end.unversioned.v2", "instance_id", #""178b0921-8f85-4257-88b6-2e743b5a975c""#),
      ("nova.compute.instance.power_on.end.unversioned.v2", "deleted_at", #""""#),
      ("nova.compute.instance.power_on.end.unversioned.v2", "fixed_ips.0.version", "4"),
    ])
  func values(name: String, path: String, expected: String) throws {
    #expect(try EventDecoder().decode(NotificationFixture.notification(name)).show(path) == expected)
  }

  @Test(
    "a body with one envelope key alone is no format 2.0",
    arguments: [#""oslo.version":"2.0""#, #""oslo.message":"{}""#])
  func oneEnvelopeKey(key: String) throws {
    let decoder = EventDecoder()
    let old = try decoder.decode(text: "{\(key),\"event_type\":\"a.b\",\"payload\":{\"x\":1}}")
    #expect(old.form == .oslo && old.type == "a.b")
    #expect(try old.show("x") == "1")
    #expect(try decoder.decode(text: "{\(key)}").form == .plain)
  }

  private static let message = #"{\"event_type\":\"t\",\"payload\":{}}"#

  @Test(
    "what oslo would not accept is refused, and the reason names what was found",
    arguments: [
      (
        #"{"oslo.version":"1.0","oslo.message":"\#(message)"}"#,
        "`oslo.version` is \"1.0\", and 2.x is what can be read."
      ),
      (
        #"{"oslo.version":"20","oslo.message":"\#(message)"}"#, "`oslo.version` is \"20\", and 2.x is what can be read."
      ),
      (#"{"oslo.version":null,"oslo.message":"\#(message)"}"#, "`oslo.version` is null, and 2.x is what can be read."),
      (#"{"oslo.version":[2],"oslo.message":"\#(message)"}"#, "`oslo.version` is a list, and 2.x is what can be read."),
      (#"{"oslo.version":"2.0","oslo.message":{}}"#, "`oslo.message` is an object, not a string that holds JSON."),
      (
        #"{"oslo.version":"2.0","oslo.message":"[1 2]"}"#,
        "`oslo.message` is not JSON: expected `,` or `]`, found `2` at byte 3."
      ),
      (#"{"oslo.version":"2.0","oslo.message":"[]"}"#, "`oslo.message` holds a list, not an object."),
      (#"{"oslo.version":"2.0","oslo.message":"{\"payload\":1}"}"#, "The notification has no `event_type`."),
      (#"{"event_type":5,"payload":{}}"#, "The notification's `event_type` is 5, not a text."),
      (#"{"event_type":"","payload":{}}"#, "The notification's `event_type` is \"\", not a text."),
      ("not json", "The body is not JSON: a word is none of true, false and null at byte 0."),
      ("", "The body is not JSON: it is empty."),
    ])
  func refusals(text: String, reason: String) {
    let decoder = EventDecoder()
    #expect(decoder.refusal(Array(text.utf8)) == reason)
    #expect(decoder.lastBody == Array(text.utf8))
  }

  @Test("later versions of format 2 are read, and identity falls back")
  func osloVariants() throws {
    let decoder = EventDecoder()
    var envelope = Envelope(source: "s")
    envelope.messageID = "amqp-id"
    let body =
      #"{"oslo.version":"2.1","oslo.message":"{\"event_type\":\"t\",\"_unique_id\":\"u\",\"payload\":[{\"a\":1}]}"}"#
    let event = try decoder.decode(text: body, envelope)
    #expect(event.id == "u" && event.time == nil && event.publisher == nil && event.subject.isMissing)
    #expect(try event.show("0.a") == "1")
    let other = try decoder.decode(text: #"{"event_type":"t","payload":null,"message_id":""}"#, envelope)
    #expect(other.id == "amqp-id" && other.payload.kind == .null)
  }

  @Test("plain JSON takes its facts from the mapped paths, and from the envelope where those find nothing")
  func plain() throws {
    let decoder = try EventDecoder {
      $0.type = try FieldPath("kind.name")
      $0.id = try FieldPath("uid")
      $0.time = try FieldPath("@header.sent")
      $0.subject = [try FieldPath("host"), try FieldPath("server.id")]
      $0.objects = [
        ("host", try FieldPath("host")), ("server", try FieldPath("server.id")), ("server", try FieldPath("s")),
      ]
    }
    var envelope = Envelope(source: "s")
    envelope.routingKey = "some.key"
    envelope.messageID = "m"
    envelope.headers = [.init(name: "sent", value: .text("2026-01-01"))]
    let event = try decoder.decode(
      text: #"{"kind":{"name":"disk.full"},"uid":17,"host":"","server":{"id":"s1"},"s":"s2"}"#, envelope)
    #expect(event.form == .plain && event.type == "disk.full" && event.id == "17" && event.time == "2026-01-01")
    #expect(event.subject.name == "s1")
    #expect(try event.show("@object.server") == #""s1""# && event.show("@object.host") == "missing")
    let other = try decoder.decode(text: #"{"kind":{"name":null},"s":"s2"}"#, envelope)
    #expect(other.type == "some.key" && other.id == "m" && other.subject.isMissing)
    #expect(try other.show("@object.server") == #""s2""#)
    envelope.routingKey = ""
    #expect(try decoder.decode(text: "[1]", envelope).type == "event")
  }

  @Test("a mapping that refers to itself finds nothing, and ends")
  func circularMapping() throws {
    let decoder = try EventDecoder {
      $0.type = try FieldPath("@type")
      $0.id = try FieldPath("@id")
      $0.time = try FieldPath("@time")
      $0.subject = [try FieldPath("@subject"), try FieldPath("@object.a")]
      $0.objects = [("a", try FieldPath("@object.a")), ("b", try FieldPath("@subject"))]
    }
    var envelope = Envelope(source: "s")
    envelope.routingKey = "k"
    let event = try decoder.decode(text: "{}", envelope)
    #expect(event.type == "k" && event.id == nil && event.time == nil && event.subject.isMissing)
    #expect(try event.show("@object.a") == "missing" && event.show("@object.b") == "missing")
  }

  @Test("`subject` and `objects` of a source override what OpenStack's families say")
  func overrides() throws {
    let decoder = try EventDecoder {
      $0.subject = [try FieldPath("owner_id")]
      $0.objects = [("purpose", try FieldPath("purpose"))]
    }
    let event = try decoder.decode(NotificationFixture.notification("esi-leap.lease.fulfill.end.v2"))
    #expect(event.subject.name == "0f1e2d3c4b5a69788796a5b4c3d2e1f0")
    #expect(event.objectKinds == ["purpose"])
    #expect(try event.show("@object.purpose") == #""test""# && event.show("@object.node") == "missing")
  }

  @Test(
    "families that have no sample",
    arguments: [
      ("esi_leap.lease.delete.end", #"{"node_uuid":null,"resource_uuid":"r"}"#, "r"),
      ("baremetal.port.create.end", #"{"uuid":"p","node_uuid":"n"}"#, "n"),
      ("aggregate.create.end", #"{"nova_object.name":"A","nova_object.data":{"uuid":"a"}}"#, "a"),
      ("volume.create.end", #"{"uuid":"v"}"#, "none"),
    ])
  func families(type: String, payload: String, subject: String) throws {
    let event = try EventDecoder().decode(text: "{\"event_type\":\"\(type)\",\"payload\":\(payload)}")
    #expect(event.subject.name ?? "none" == subject)
  }

  @Test("`format = text` hands on the body as one text, whatever it looks like")
  func text() throws {
    let decoder = EventDecoder { $0.format = .text }
    var envelope = Envelope(source: "s")
    envelope.routingKey = "k"
    let event = try decoder.decode(text: "{\"a\":\n\u{0}1}", envelope)
    #expect(event.type == "k" && event.payload.text == "{\"a\":\n\u{0}1}" && event.payload.kind == .string)
    #expect(decoder.refusal([0xFF]) == "The body is no text: it is not valid UTF-8.")
    #expect(try decoder.decode([], envelope).payload.text == "")
  }

  @Test("a decoder goes on after every kind of body")
  func reuse() throws {
    let decoder = EventDecoder()
    let body = try NotificationFixture.notification("nova.instance.power_on.end.v2")
    let expected = try decoder.decode(body).normalizedJSON()
    for other in [
      "", "{", "[1]", "\"x\"",
      "{\"specversion\":\"1.0\",\"id\":\"1\",\"type\":\"t\",\"source\":\"s\",\"data_base64\":\"e30=\"}",
    ] {
      _ = decoder.refusal(Array(other.utf8))
      #expect(try decoder.decode(body).normalizedJSON() == expected)
    }
    decoder.trim()
    #expect(try decoder.decode(body).normalizedJSON() == expected)
  }

  @Test("A type of more than 255 bytes is refused with its length, from the body and from the routing key")
  func refusesLongTypes() throws {
    let decoder = EventDecoder()
    for length in [255, 256, 100_000] {
      let type = String(repeating: "t", count: length)
      var envelope = Envelope(source: "default")
      envelope.routingKey = type
      for body in [#"{"event_type":"\#(type)","payload":{}}"#, "{}"] {
        let reason = decoder.refusal(Array(body.utf8), envelope)
        let expected =
          "The event's type is \(length) bytes long; at most 255 are taken, as in a routing key of AMQP."
        #expect(reason == (length == 255 ? nil : expected))
      }
    }
  }

  @Test("What is made of an event is made once, and anew for the next event")
  func keepsRenderings() throws {
    let decoder = EventDecoder()
    func address(_ bytes: [UInt8]) -> UnsafeRawPointer? { bytes.withUnsafeBytes { $0.baseAddress } }
    for number in 1...2 {
      let event = try decoder.decode(text: #"{"event_type": "t", "payload": {"n": \#(number)}}"#)
      let forms = [event.normalizedJSON(), event.payloadJSON(), event.body]
      #expect(String(decoding: forms[1], as: UTF8.self) == #"{"n":\#(number)}"#)
      #expect(String(decoding: forms[0], as: UTF8.self).contains(#""payload":{"n":\#(number)}"#))
      #expect(forms[2] == decoder.lastBody)
      #expect(forms.map(address) == [event.normalizedJSON(), event.payloadJSON(), event.body].map(address))
      #expect(decoder.bodyDigest == forms[2].withUnsafeBytes { Digest(of: $0) })
    }
  }
}
