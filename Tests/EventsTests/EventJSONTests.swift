// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Events

@Suite struct EventJSONTests {
  private static func envelope() -> Envelope {
    var envelope = Envelope(source: "default")
    envelope.queue = "notifications.info"
    envelope.exchange = "openstack"
    envelope.routingKey = "notifications.info"
    envelope.received = 1_795_212_852_123_456_789
    return envelope
  }

  /// The JSON that an event of each kind is, by the name of its golden file.
  private static func event(_ name: String) throws -> [UInt8] {
    let decoder = EventDecoder { if name == "tags" { $0.format = .tags } }
    switch name {
    case "tags":
      var envelope = envelope()
      envelope.messageID = "m-1"
      return try decoder.decode(text: "customer_pending state:open\nguid:1 guid:2", envelope).normalizedJSON()
    case "plain":
      var envelope = envelope()
      envelope.redelivered = true
      return try decoder.decode(text: #"{"b":1.10,"a":"\u00e9\n\"","b":[]}"#, envelope).normalizedJSON()
    default: return try decoder.decode(NotificationFixture.notification(name), envelope()).normalizedJSON()
    }
  }

  static let names = [
    "esi-leap.lease.fulfill.end.v2", "nova.instance.power_on.end.v2",
    "nova.compute.instance.power_on.end.unversioned.v2", "plain", "tags",
  ]

  @Test("an event is written as the golden file has it", arguments: names)
  func golden(name: String) throws {
    let expected = try NotificationFixture.bytes("golden/event.\(name).json")
    let actual = try Self.event(name) + [UInt8(ascii: "\n")]
    #expect(String(decoding: actual, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
  }

  private static func schema() throws -> JSONSchema {
    let file = NotificationFixture.folder.deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "etc/event.schema.json")
    return try JSONSchema(Array(Data(contentsOf: file)))
  }

  @Test("every kind of event obeys the schema, and has its keys in the schema's order", arguments: names)
  func schema(name: String) throws {
    let schema = try Self.schema()
    let document = JSONDocument()
    try document.parse(Self.event(name))
    #expect(schema.faults(in: document.root) == [])
    var (keys, order) = ([String](), [String]())
    document.root.forEachMember { key, _ in
      keys.append(String(decoding: key, as: UTF8.self))
      return true
    }
    schema.document.root.member(Array("properties".utf8))?.forEachMember { key, _ in
      order.append(String(decoding: key, as: UTF8.self))
      return true
    }
    #expect(keys == order.filter { keys.contains($0) })
    #expect(keys.count >= 16)
    #expect(
      keys.contains("payload_raw") == ["esi-leap.lease.fulfill.end.v2", "nova.instance.power_on.end.v2"].contains(name))
  }

  @Test("the schema's check detects what it is there for")
  func schemaDetects() throws {
    let text = String(decoding: try Self.event("tags"), as: UTF8.self)
    let schema = try Self.schema()
    for (old, new, fault) in [
      ("\"id\":\"m-1\",", "", "$.id is missing"), ("\"id\":\"m-1\"", "\"id\":5", "$.id is number"),
      ("\"tags\":[", "\"tags\":[1,", "$.tags[] is number"),
      (".123456Z", "Z", "$.received does not match"),
      ("\"objects\":{", "\"objects\":{\"a\":null", "$.objects.a is null"),
      ("\"queue\"", "\"extra\":1,\"queue\"", "$.extra is unknown"),
    ] {
      let document = JSONDocument()
      try document.parse(Array(text.replacing(old, with: new, maxReplacements: 1).utf8))
      #expect(schema.faults(in: document.root).contains(fault), "\(fault)")
    }
  }

  @Test(
    "times are ISO 8601 in UTC, before 1970 too",
    arguments: [
      (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
      (951_782_400_000_001_000, "2000-02-29T00:00:00.000001Z"),
      (Int64.max, "2262-04-11T23:47:16.854775Z"), (Int64.min, "1677-09-21T00:12:43.145224Z"),
    ] as [(Int64, String)])
  func instants(nanoseconds: Int64, expected: String) {
    #expect(Event.instant(nanoseconds) == expected)
  }

  @Test(
    "every listed path finds its value, in the order of the text, and none is listed twice",
    arguments: NotificationFixture.notifications)
  func paths(name: String) throws {
    let decoder = EventDecoder()
    let event = try decoder.decode(NotificationFixture.notification(name), Self.envelope())
    let paths = event.addressablePaths()
    #expect(Set(paths.map(\.path)).count == paths.count)
    #expect(paths.count > 30)
    for (path, value) in paths {
      var output: [UInt8] = []
      value.appendJSON(to: &output)
      #expect(try event.show(path) == String(decoding: output, as: UTF8.self))
    }
    let firstOfEnvelope = try #require(paths.firstIndex { $0.path.hasPrefix("@") })
    #expect(paths[firstOfEnvelope...].allSatisfy { $0.path.hasPrefix("@") })
  }

  @Test("an event of very many values costs bounded time", arguments: ["k", "k."])
  func manyPaths(key: String) throws {
    let members = (0..<100_000).map { "\"\(key)\($0)\":\($0)" }.joined(separator: ",")
    let decoder = EventDecoder()
    let event = try decoder.decode(text: "{\(members)}")
    var paths: [(path: String, value: FieldValue)] = []
    let time = ContinuousClock().measure { paths = event.addressablePaths() }
    #expect(time < .seconds(10) && paths.count > 10 && paths.count <= Event.pathLimit + 20)
    #expect(try event.show(paths[9].path) == "9")
  }

  @Test("paths of unusual keys are listed only where they find their value")
  func unusualPaths() throws {
    let decoder = EventDecoder()
    let event = try decoder.decode(
      text:
        #"{"a.b":1,"a":{"b":2,"c":3},"":4,"x":{"":5},"@id":6,"l":[[7],{"m":8}],"k]":9,"d":1,"d":{"e":2},"nul\u0000":1}"#
    )
    let paths = event.addressablePaths().map(\.path).filter { !$0.hasPrefix("@") }
    #expect(paths == ["a.b", "a", "a.c", "x", "l", "l.0", "l.0.0", "l.1", "l.1.m", "d", "d.e"])
    let plain = try decoder.decode(text: #"{"":1,"a":{"":2,"@b":3},"@c":4,"l":[[],5]}"#).addressablePaths().map(\.path)
    #expect(plain.prefix { $0 != "@type" } == ["a", "a.@b", "l", "l.0", "l.1"])
  }
}
