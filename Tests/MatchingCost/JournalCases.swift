// SPDX-License-Identifier: Apache-2.0

import Journal

/// What the journal does for an event: accepted by an action that only observes, in durable batches; and the life of a
/// run, four at a time.
struct JournalCases {
  /// Events of one transaction, when they come faster than they can be kept.
  static let batch = 100
  /// Runs at a time.
  private static let inFlight = 4
  private static let events = 2_000

  let body: [UInt8]
  let directory: String

  var all: [CostCase] {
    [
      CostCase(name: "accepted", events: Self.events) {
        try begin(.observed, groupsOf: Self.batch) { events, writer throws(SQLiteError) in
          try writer.transaction(isDurable: true) { () throws(SQLiteError) in
            for event in events { _ = try writer.accept(event) }
          }
        }
      },
      CostCase(name: "run", events: Self.events) { try begin(.pending, groupsOf: Self.inFlight, Self.live) },
    ]
  }

  /// Begins a journal, for a round of which events are made in groups, each to be worked on in turn.
  private func begin(
    _ state: RunState, groupsOf size: Int, _ work: @escaping ([NewEvent], JournalWriter) throws(SQLiteError) -> Void
  ) throws -> (_ events: Int) throws -> () throws -> Void {
    let journal = try OwnedJournal(path: directory + "/\(state).sqlite")
    let made = NewEvents(body: body)
    return { count in
      guard let writer = journal.writer else { throw SQLiteError.notOpen }
      // What earlier rounds left in the log is none of this one's.
      try writer.checkpoint()
      let groups = stride(from: 0, to: count, by: size).map { first in
        (first..<min(count, first + size)).map { _ in made.next(state) }
      }
      return { for group in groups { try work(group, writer) } }
    }
  }

  /// The life of runs: accepted and started, their processes noted, ended with a line of output.
  private static func live(_ events: [NewEvent], _ writer: JournalWriter) throws(SQLiteError) {
    var runs: [RunRecord] = []
    try writer.transaction(isDurable: true) { () throws(SQLiteError) in
      for event in events {
        guard case .new(_, let queued) = try writer.accept(event) else { continue }
        for run in queued {
          guard let record = try writer.facts(ofRun: run.number) else { continue }
          try writer.start(
            AttemptStart(
              run: run.number, attempt: 1, started: event.received, program: "/opt/scripts/lease",
              arguments: arguments, directory: "/", revision: "1", boot: "7f0e1c52-5c1b-4bb0-8f0e-9b8f1f9a4f6e"))
          runs.append(record)
        }
      }
    }
    try writer.transaction(isDurable: false) { () throws(SQLiteError) in
      for run in runs { try writer.mark(run: run.number, attempt: 1, pid: 4711, start: 123_456) }
    }
    let output = StoredOutput(head: Array("lease MOC-R8PAC23U24 is ready\n".utf8), tail: [], dropped: 0)
    try writer.transaction(isDurable: false) { () throws(SQLiteError) in
      for run in runs {
        let ended = run.created + 5_000_000
        try writer.end(
          run: run.number, attempt: 1,
          AttemptEnd(
            ended: ended, duration: 5_000_000, outcome: "exited 0", code: 0, reason: nil, standardOutput: output,
            standardError: .none))
        _ = try writer.end(run, as: .succeeded, at: ended, outcome: "exited 0", reason: nil)
      }
    }
  }

  private static let arguments = ["lease", "MOC-R8PAC23U24", "c9a1d7e2-4f3b-4f0a-8a55-1c2d3e4f5a6b"]
    .map { Array($0.utf8) }
}

/// Events of fulfilled leases as the journal takes them, each with an identity, a node and a run of its own.
private final class NewEvents {
  private let body: [UInt8]
  /// Of all that were made, so that none is a duplicate.
  private var number: UInt64 = 0

  init(body: [UInt8]) { self.body = body }

  func next(_ state: RunState) -> NewEvent {
    number += 1
    let digest = spread(number)
    let node = "c9a1d7e2-4f3b-4f0a-8a55-" + hexadecimal(number % 512, 12)
    let run = NewRun(
      id: digest, action: "lease", lane: Int64(number % 512), state: state, reason: nil, isAside: false)
    return NewEvent(
      source: "default", type: "esi_leap.lease.fulfill.end", id: "7b1cbc2d-c2a1-4cec-8b1b-" + hexadecimal(number, 12),
      identity: digest, time: "2026-11-20 22:14:12.021435",
      received: 1_793_000_000_000_000_000 + Int64(number) * 1_000_000, subject: node,
      objects: [
        ("node", node), ("lease", "5a8b4a1c-6a2e-4b0e-9d4e-" + hexadecimal(number, 12)),
        ("project", "1b7b4b8f2a3e4c5d9e6f7a8b9c0d1e2f"), ("owner", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
      ], result: .matched, reason: nil, settle: .journal,
      envelope: Array(
        #"{"queue":"onevent","exchange":"esi_leap","routing_key":"esi_leap_versioned_notifications.info"}"#.utf8),
      body: body, runs: [run])
  }

  /// Sixteen bytes that are as far apart as digests are.
  private func spread(_ number: UInt64) -> [UInt8] {
    let high = number &* 0x9E37_79B9_7F4A_7C15
    let low = (high ^ high >> 29) &* 0xBF58_476D_1CE4_E5B9
    return (0..<8).map { UInt8(truncatingIfNeeded: high >> ($0 * 8)) }
      + (0..<8).map { UInt8(truncatingIfNeeded: low >> ($0 * 8)) }
  }

  private func hexadecimal(_ number: UInt64, _ width: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: width - digits.count) + digits
  }
}
