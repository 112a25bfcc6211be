// SPDX-License-Identifier: Apache-2.0

import CostCounting
import Events

/// simdjson's own parse of a body, and beside it what onevent makes of the same body before the journal has it.
struct MatchingCases {
  private let body: [UInt8]
  private let envelope: Envelope

  /// What could not be measured.
  enum Failure: Error { case notJSON, matched(Int), arguments(Int) }

  init(body: [UInt8]) {
    self.body = body
    // As the broker's thread fills it for what oslo.messaging sends.
    var envelope = Envelope(source: "default")
    envelope.queue = "onevent"
    envelope.exchange = "esi_leap"
    envelope.routingKey = "esi_leap_versioned_notifications.info"
    envelope.contentType = "application/json"
    envelope.contentEncoding = "utf-8"
    self.envelope = envelope
  }

  var all: [CostCase] {
    [
      CostCase(name: "parse-outer", events: Self.events) { parse(cost_parse_outer) },
      CostCase(name: "parse", events: Self.events) { parse(cost_parse_both) },
      CostCase(name: "unmatched", events: Self.events) { sort(try Self.tenOthers, takenBy: 0) },
      CostCase(name: "many", events: Self.events) { sort(try Self.tenThousand, takenBy: 0) },
      CostCase(name: "matched", events: Self.events) { try match() },
    ]
  }

  private static let events = 20_000
  private typealias Round = (_ events: Int) throws -> () throws -> Void

  /// simdjson's DOM of the body: of its outer text, or of the text inside its string `oslo.message`, too.
  private func parse(_ parse: @escaping (OpaquePointer, UnsafeRawPointer, Int) -> Bool) -> Round {
    let parser = cost_parser_create()
    return { events in
      {
        for _ in 0..<events {
          let isJSON = body.withUnsafeBytes { bytes in bytes.baseAddress.map { parse(parser, $0, bytes.count) } }
          guard isJSON == true else { throw Failure.notJSON }
        }
      }
    }
  }

  /// Decoded and matched, as on the thread of the bus.
  private func sort(_ actions: [Action], takenBy expected: Int) -> Round {
    let decoder = EventDecoder(EventMapping(), inflatedLimit: 16 << 20)
    let matcher = Matcher(ActionTable(actions))
    var matches: [Int] = []
    return { events in
      {
        for _ in 0..<events {
          let event = try body.withUnsafeBytes { bytes in try decoder.decode(bytes, envelope) }
          matches.removeAll(keepingCapacity: true)
          matcher.match(event, into: &matches)
          guard matches.count == expected else { throw Failure.matched(matches.count) }
        }
      }
    }
  }

  /// Decoded and matched on the thread of the bus, then decoded again on that of the journal, for its invocation.
  private func match() throws -> Round {
    var action = Self.action("lease", "esi_leap.lease.fulfill.end")
    action.parameters = try ["node_name", "node_uuid", "end_time"].map { try Parameter($0) }
    action.environment = [Array("PATH=/usr/local/bin:/usr/bin:/bin".utf8), Array("LANG=C.UTF-8".utf8)]
    let sortOne = try sort([action], takenBy: 1)(1)
    let decoder = EventDecoder(EventMapping(), inflatedLimit: 16 << 20)
    let run = RunFacts(runID: "0123456789abcdef0123456789abcdef", eventNumber: 4711, attempt: 1)
    return { [action] events in
      {
        for _ in 0..<events {
          try sortOne()
          let event = try body.withUnsafeBytes { bytes in try decoder.decode(bytes, envelope) }
          let invocation = try action.invocation(for: event, run)
          guard invocation.arguments.count == 4 else { throw Failure.arguments(invocation.arguments.count) }
        }
      }
    }
  }

  // MARK: Actions

  private static func action(_ name: String, _ events: String) -> Action {
    var action = Action(name: name, place: "cost:1", command: Command(path: "/bin/true", words: [Array("true".utf8)]))
    action.events.patterns = [EventPattern(events)]
    return action
  }

  private static func action(_ name: String, _ events: String, where conditions: String) throws -> Action {
    var action = action(name, events)
    let json = JSONDocument()
    try json.parse(Array(conditions.utf8))
    action.filter = try Filter(json.root)
    return action
  }

  /// Eight name other types, two have a condition that does not hold: as `unmatched` of scripts/bench.
  private static var tenOthers: [Action] {
    get throws {
      let others = [
        "esi_leap.lease.delete.start", "esi_leap.lease.delete.end", "esi_leap.lease.delete.error",
        "esi_leap.lease.fulfill.start", "esi_leap.lease.fulfill.error", "esi_leap.offer.*", "baremetal.node.#",
        "compute.instance.#",
      ]
      return try others.map { action($0, $0) }
        + ["production", "staging"].map { purpose in
          try action(purpose, "esi_leap.lease.fulfill.end", where: #"{"purpose": "\#(purpose)"}"#)
        }
    }
  }

  /// Ten name the event's type, with five conditions of which the last does not hold; of 9 990 others half name
  /// another type, half a pattern.
  private static var tenThousand: [Action] {
    get throws {
      let hot = try (0..<10).map { number in
        try action(
          "hot-\(number)", "esi_leap.lease.fulfill.end",
          where: """
            {"status": "created", "resource_type": "ironic_node", "node_provision_state": ["active", "deploying"], \
            "node_properties.vendor": "dell", "purpose": "hot-\(number)"}
            """)
      }
      let cold = (0..<9_990).map { number in
        action("cold-\(number)", number % 2 == 1 ? "service.other.\(number).end" : "*.other.\(number).#")
      }
      return hot + cold
    }
  }
}
