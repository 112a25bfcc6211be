// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Events

@Suite struct Base64Tests {
  @Test("what is encoded is what Foundation encodes, and is decoded to the same bytes")
  func agreement() {
    for length in 0...100 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ length) }
      let text = Base64.encode(bytes)
      #expect(text == Data(bytes).base64EncodedString())
      #expect(Base64.decode(text.utf8) == bytes)
    }
  }
}

@Suite struct InstantTests {
  @Test(
    "an instant is read to the nanosecond, and what was written is read back",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.5Z", -500_000_000), ("2026-11-27", 1_795_737_600_000_000_000),
      ("2026-11-27T01:00:00.000001+01:00", 1_795_737_600_000_001_000),
      ("2262-04-11T23:47:16Z", 9_223_372_036_000_000_000),
    ])
  func instants(text: String, nanoseconds: Int64) {
    #expect(Event.nanoseconds(ofInstant: text) == nanoseconds)
    #expect(Event.nanoseconds(ofInstant: Event.instant(nanoseconds)) == nanoseconds / 1000 * 1000)
  }

  @Test(
    "what is no instant, or beyond 64 bits, is none",
    arguments: ["", "soon", "2026-13-01", "9999-01-01", "0001-01-01"])
  func none(text: String) {
    #expect(Event.nanoseconds(ofInstant: text) == nil)
  }
}
