// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events

/// Real bodies, damaged at random from a fixed seed.
@Suite struct DecodingFuzzTests {
  /// Knuth's MMIX generator: the same sequence on every machine.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
  }

  private static let fragments = [
    "\"", "\\", "{", "}", "[", "]", ",", ":", "\\u", "\\ud800", "\\udc00", "null", "1e9", "-", "0", "\0", "\u{FEFF}",
    " ", "\n", "\"_context_auth_token\":\"s\"", "\\\"", "_object.data",
    "_object.name", "\"oslo.version\":\"2.0\"", "NaN", "true", "é", "😀",
  ].map { Array($0.utf8) }

  private static func mutate(_ bytes: [UInt8], _ generator: inout Generator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let place = Int.random(in: 0...max(0, bytes.count - 1), using: &generator)
      guard place < bytes.count else { continue }
      switch Int.random(in: 0..<7, using: &generator) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 2: bytes.remove(at: place)
      case 3: bytes.insert(contentsOf: fragments.randomElement(using: &generator) ?? [], at: place)
      case 4: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &generator)))
      case 5: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 60)], at: place)
      default: bytes.removeLast(min(bytes.count, Int.random(in: 0...20, using: &generator)))
      }
    }
    return bytes
  }

  @Test("20 000 damaged notifications are decoded or refused with a reason, and the decoder goes on")
  func notifications() throws {
    var generator = Generator(state: 20_261_120)
    let bodies = try NotificationFixture.notifications.map(NotificationFixture.notification)
    let decoder = EventDecoder()
    let path = try FieldPath("node_properties.vendor")
    let expected = try decoder.decode(bodies[0]).normalizedJSON()
    var (decoded, refused) = (0, 0)
    for round in 0..<20_000 {
      let body = Self.mutate(bodies[round % bodies.count], &generator)
      let event: Event
      do {
        event = try decoder.decode(body)
      } catch {
        refused += 1
        if "\(error)".count < 10 { Issue.record("round \(round): \(error)") }
        continue
      }
      decoded += 1
      _ = event.value(at: path)
      guard round % 20 == 0 else { continue }
      let json = event.normalizedJSON()
      if try JSONDocument().compact(json) != String(decoding: json, as: UTF8.self) {
        Issue.record("round \(round) is not written as it is read")
      }
      _ = event.addressablePaths()
    }
    #expect(decoded > 1000 && refused > 1000)
    #expect(try decoder.decode(bodies[0]).normalizedJSON() == expected)
  }

  @Test("3 000 damaged texts are accepted and refused as Python does, with the same values")
  func python() throws {
    var generator = Generator(state: 5)
    let sources =
      try ["esi-leap.lease.fulfill.end.v1"].map(NotificationFixture.notification) + [
        Array(#"{"a":[1,-2.50e+7,true,null,"\ud83d\ude00\n"],"b":{"c":{}},"é":"\\\"","a":[[[0]]]}"#.utf8),
        Array(#"[0.1,"",{"k":"v"},[],"😀"]"#.utf8),
      ]
    let texts = (0..<3000).map { round in Self.mutate(sources[round % sources.count], &generator) }
    let expected = try PythonReference.compact(texts)
    try #require(expected.count == texts.count)
    let document = JSONDocument()
    for (text, expected) in zip(texts, expected) {
      let actual = try? document.compact(text)
      if actual != expected { Issue.record("\(text): \(actual ?? "refused") here, \(expected ?? "refused") there") }
    }
    #expect(expected.filter { $0 != nil }.count > 100 && expected.filter { $0 == nil }.count > 1000)
  }

  @Test("damaged texts of every kind never end the blanking of tokens, and keep their length")
  func tokens() throws {
    var generator = Generator(state: 9)
    let body = try NotificationFixture.notification("esi-leap.lease.fulfill.end.older-sender.v2")
    for _ in 0..<3000 {
      var damaged = Self.mutate(body, &generator)
      let count = damaged.count
      damaged.withUnsafeMutableBytes(AuthToken.blank(in:))
      #expect(damaged.count == count)
    }
  }
}
