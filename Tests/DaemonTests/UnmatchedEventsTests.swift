// SPDX-License-Identifier: Apache-2.0

import Events
import Testing
import WebAPI

@testable import Daemon

@Suite("Events that nothing matched")
struct UnmatchedEventsTests {
  @Test("The last ones are kept, each with what was its own, though their memory serves one after the other")
  func ring() {
    let events = UnmatchedEvents()
    let count = UnmatchedEvents.limit * 2 + 7
    for index in 1...count { Self.add("t\(index)", size: index % 50, to: events) }
    let kept = events.newest(.max)
    #expect(kept.map(\.number) == Array((count - UnmatchedEvents.limit + 1...count).reversed().map(UInt64.init)))
    for event in kept {
      #expect(event.type == "t\(event.number)")
      #expect(event.body == Self.body("t\(event.number)", size: Int(event.number) % 50))
    }
    #expect(events.newest(2).map(\.number) == kept.prefix(2).map(\.number))
  }

  @Test("What was handed out stays as it was while others come")
  func copies() {
    let events = UnmatchedEvents()
    for index in 1...UnmatchedEvents.limit { Self.add("t\(index)", size: 10, to: events) }
    let before = events.newest(.max)
    for index in 1...UnmatchedEvents.limit { Self.add("later\(index)", size: 10, to: events) }
    #expect(before.map(\.body) == before.map { Self.body($0.type, size: 10) })
  }

  @Test("Their bodies are bounded, all together and each")
  func bytes() {
    let events = UnmatchedEvents()
    let largest = UnmatchedEvents.byteLimit / 8
    for index in 1...20 { Self.add("t", size: index.isMultiple(of: 2) ? largest - 1 : 10, to: events) }
    #expect(events.newest(.max).reduce(0) { $0 + $1.body.count } <= UnmatchedEvents.byteLimit)
    #expect(events.newest(1).map(\.number) == [20])
    Self.add("t", size: largest, to: events)
    #expect(events.newest(1).map(\.number) == [20], "one that is too large is counted only")
    Self.add("t", size: 1, to: events)
    #expect(events.newest(1).map(\.number) == [22])
  }

  @Test("A type is the same string whether it was seen of late or not")
  func names() {
    var names = TypeNames()
    let types = [""] + (1...TypeNames.places * 4).map { "esi_leap.lease.\($0).end" }
    for type in types + types.reversed() + ["ä", "ä"] {
      #expect(Array(type.utf8).withUnsafeBufferPointer { names.name($0) } == type)
    }
  }

  private static func add(_ type: String, size: Int, to events: UnmatchedEvents) {
    body(type, size: size).withUnsafeBytes { events.add(type: type, Envelope(source: "s"), body: $0) }
  }

  /// A body that is told from others by its type, at the most one byte longer than its size.
  private static func body(_ type: String, size: Int) -> [UInt8] {
    Array(type.utf8.prefix(1)) + Array(repeating: UInt8(truncatingIfNeeded: type.hashValue), count: size)
  }
}
