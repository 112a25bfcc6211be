// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events

@Suite struct EventDecoderTests {
  @Test(
    "every sample notification becomes an event with id, type, time and payload",
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
  }

  @Test("formats 2.0 and 1.0 of one notification give the same values")
  func bothFormats() throws {
    let (first, second) = (EventDecoder(), EventDecoder())
    let new = try first.decode(NotificationFixture.notification("esi-leap.lease.fulfill.end.v2"))
    let old = try second.decode(NotificationFixture.notification("esi-leap.lease.fulfill.end.v1"))
    #expect(new.type == "esi_leap.lease.fulfill.end")
    #expect(old.type == new.type)
    for path in ["node_name", "fulfill_time", "properties.vendor", "node_properties", "@publisher", "@context.roles"] {
      #expect(try old.show(path) == new.show(path))
      #expect(try new.show(path) != "missing")
    }
  }
}
