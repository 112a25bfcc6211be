// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events

@Suite struct StoredEnvelopeTests {
  @Test("what is stored of an envelope is read again, every kind of header included")
  func roundTrip() {
    var envelope = Envelope(source: "lab")
    envelope.received = 1_700_000_000_123_456_789
    envelope.queue = "esi \"q\""
    envelope.exchange = "openstack"
    envelope.routingKey = "a.b\u{7}c"
    envelope.redelivered = true
    envelope.messageID = "m-1"
    envelope.contentType = "application/json"
    envelope.contentEncoding = "gzip"
    envelope.headers = [
      .init(name: "x", value: .text("é")), .init(name: "n", value: .number("1.10")),
      .init(name: "b", value: .boolean(false)), .init(name: "v", value: .null),
    ]
    let read = Envelope(stored: envelope.storedJSON, source: "lab", received: envelope.received)
    #expect(read.headers == envelope.headers)
    #expect(read.storedJSON == envelope.storedJSON)
    #expect(read.routingKey == envelope.routingKey)
    #expect(read.messageID == "m-1")
    #expect(read.redelivered)
  }

  @Test("an empty envelope is an empty object, and what is no JSON is an empty envelope")
  func empty() {
    #expect(String(decoding: Envelope(source: "").storedJSON, as: UTF8.self) == "{}")
    #expect(Envelope(stored: [1, 2], source: "s", received: 0).storedJSON == Array("{}".utf8))
  }
}
