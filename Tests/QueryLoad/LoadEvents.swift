// SPDX-License-Identifier: Apache-2.0

import Journal

/// Events as a cloud and its operators send them: power and leases of 2 000 nodes, and a tenth of local measurements.
struct LoadEvents {
  static let start: Int64 = 1_793_000_000_000_000_000
  /// Half a second from one event to the next: a million make six days.
  static let pace: Int64 = 500_000_000

  private var number: Int64 = 0

  /// The next event, received at its time or now.
  mutating func next(received: Int64? = nil) -> NewEvent {
    number += 1
    let received = received ?? Self.start + number * Self.pace
    return number % 10 == 3 ? measurement(received) : notification(received)
  }

  /// A number spread over 64 bits, the same for the same seed.
  private func spread(_ seed: Int64) -> UInt64 {
    var value = UInt64(bitPattern: seed) &* 0x9E37_79B9_7F4A_7C15
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }

  private func uuid(_ seed: Int64) -> String {
    let (high, low) = (String(spread(seed), radix: 16), String(spread(seed &+ 1 << 40), radix: 16))
    let digits =
      String(repeating: "0", count: 16 - high.count) + high + String(repeating: "0", count: 16 - low.count) + low
    return "\(digits.prefix(8))-\(digits.dropFirst(8).prefix(4))-\(digits.dropFirst(12).prefix(4))-"
      + "\(digits.dropFirst(16).prefix(4))-\(digits.suffix(12))"
  }

  private func bytes(_ seed: Int64) -> [UInt8] {
    (0..<16).map { UInt8(truncatingIfNeeded: spread(seed &+ Int64($0 / 8)) >> (UInt64($0 % 8) * 8)) }
  }

  static func node(_ number: Int) -> String { LoadEvents().uuid(Int64(-1 - number)) }

  private func notification(_ received: Int64) -> NewEvent {
    let types = [
      "esi_leap.lease.fulfill.end", "esi_leap.lease.fulfill.start", "baremetal.node.power_set.end",
      "baremetal.node.provision_set.end", "esi_leap.lease.delete.end",
    ]
    let type = number % 5_000 == 7 ? "baremetal.node.console_set.error" : types[Int(number % 5)]
    let node = Self.node(Int(spread(number) % 2_000))
    let lease = uuid(number / 4)
    let body = """
      {"event_type":"\(type)","message_id":"\(uuid(number &+ 1 << 50))","publisher_id":"host-\(number % 3)","priority":\
      "INFO","timestamp":"2026-11-21 02:30:00.123456","payload":{"node_uuid":"\(node)","uuid":"\(lease)","project_id":\
      "\(uuid(number % 50))","owner_id":"\(uuid(number % 7))","name":"lease-\(number)","purpose":"training run of team \
      \(number % 40)","status":"active","properties":{"cpus":\(number % 128),"rack":"r\(number % 60)"}}}
      """
    var event = NewEvent(
      source: number % 10_000 == 1 ? "lab" : "default", type: type, id: uuid(number &+ 1 << 50),
      identity: bytes(number), time: nil,
      received: received, subject: node,
      objects: [
        ("node", node), ("lease", lease), ("project", uuid(number % 50)), ("owner", uuid(number % 7)),
      ], result: .matched, reason: nil, settle: .journal, envelope: Array(#"{"queue":"q","routing_key":"k"}"#.utf8),
      body: Array(body.utf8), runs: [run(number % 1_000 == 5 ? "seldom" : "observe-\(number % 4)")])
    event.cause = nil
    return event
  }

  private func measurement(_ received: Int64) -> NewEvent {
    let value = Double(spread(number) % 10_000) / 100
    let host = Int(spread(number) % 200)
    var event = NewEvent(
      source: "local", type: "room.temperature", id: nil, identity: nil, time: nil, received: received,
      subject: "sensor-\(host)", objects: [], result: .matched, reason: nil, settle: .journal,
      envelope: Array("{}".utf8),
      body: Array(#"{"value":\#(value),"inlet":{"celsius":\#(value / 2)},"host":"h\#(host)"}"#.utf8),
      runs: [run("observe-0")])
    event.value = value
    event.tags =
      ["room", number % 100 == 3 ? "alarm:hot" : "alarm:none"] + (number % 100_000 == 13 ? ["inspected"] : [])
    return event
  }

  private func run(_ action: String) -> NewRun {
    let state: RunState = number % 20_000 == 9 ? .discarded : .observed
    return NewRun(id: bytes(number &+ 1 << 60), action: action, lane: nil, state: state, reason: nil, isAside: false)
  }
}
