// SPDX-License-Identifier: Apache-2.0

import Synchronization

@testable import Journal

/// A journal of a few records, which remembers what it was asked.
final class RecordedJournal: JournalReading {
  let asked = Mutex<[String]>([])
  let failure = Mutex<JournalError?>(nil)

  static let hour: Int64 = 3_600_000_000_000
  static let start: Int64 = 1_795_000_000_000_000_000

  private func note(_ question: String) throws(JournalError) {
    asked.withLock { $0.append(question) }
    if let failure = failure.withLock({ $0 }) { throw failure }
  }

  func events(_ query: EventQuery) async throws(JournalError) -> [StoredEvent] {
    try note(
      "events \(query.type ?? "-") \(query.objects.first?.kind ?? "-") \(query.objects.first?.name ?? "-") \(query.limit)"
    )
    let events = [3, 2, 1].map(Self.event).filter { event in
      event.number < query.before ?? .max && event.number > query.after ?? 0
    }
    return Array((query.after == nil ? events : events.reversed()).prefix(query.limit))
  }

  func count(_ query: EventQuery) async throws(JournalError) -> BoundedCount {
    if let failure = failure.withLock({ $0 }) { throw failure }
    return BoundedCount(count: 3, isBounded: false)
  }

  func aggregate(_ query: AggregateQuery) async throws(JournalError) -> Aggregation {
    try note("aggregate \(query.measure) \(query.every ?? 0)")
    return aggregation
  }

  /// Two buckets of an hour.
  let aggregation = Aggregation(
    rows: [
      .init(start: start, key: "lease.begin", count: 2, least: 1, most: 2.5, sum: 3.5),
      .init(start: start + hour, key: nil, count: 1, least: 7, most: 7, sum: 7),
    ], skipped: 4)

  func event(_ number: Int64) async throws(JournalError) -> StoredEvent? {
    try note("event \(number)")
    return (1...3).contains(number) ? Self.event(number) : nil
  }

  func content(ofEvent number: Int64) async throws(JournalError) -> StoredContent? {
    try note("content \(number)")
    let envelope = Array(#"{"queue":"q","routing_key":"k","message_id":"m"}"#.utf8)
    return StoredContent(envelope: envelope, body: number == 2 ? [0xFF, 0, 1] : Array(Self.body.utf8))
  }

  func eventNumbers(withID id: String) async throws(JournalError) -> [Int64] { [] }

  func runs(_ query: RunQuery) async throws(JournalError) -> [StoredRun] {
    let states = query.states.map(\.rawValue).joined(separator: "+")
    try note("runs \(query.event ?? 0) \(query.action ?? "-") \(states) \(query.changedAfter ?? 0)")
    return [2, 1].map(Self.run).filter { query.event == nil || $0.event == query.event }
  }

  func count(_ query: RunQuery) async throws(JournalError) -> BoundedCount {
    if let failure = failure.withLock({ $0 }) { throw failure }
    return BoundedCount(count: 10_000, isBounded: true)
  }

  func runs(ofEvents events: [Int64], limit: Int) async throws(JournalError) -> [StoredRun] {
    try note("runs of \(events.map(String.init).joined(separator: "+"))")
    return [1, 2].map(Self.run).filter { events.contains($0.event) }
  }

  func run(_ number: Int64) async throws(JournalError) -> StoredRun? {
    try note("run \(number)")
    return (1...2).contains(number) ? Self.run(number) : nil
  }

  func runs(withID prefix: String) async throws(JournalError) -> [StoredRun] {
    try note("runs with id \(prefix)")
    // The third's id looks like a number as far as it is given.
    var third = Self.run(3)
    third.id = "93762909" + String(repeating: "a", count: 24)
    return ([1, 2].map(Self.run) + [third]).filter { $0.id.hasPrefix(prefix) }
  }

  func attempts(ofRun number: Int64) async throws(JournalError) -> [StoredAttempt] {
    try note("attempts \(number)")
    return [
      StoredAttempt(
        attempt: 1, started: Self.start, ended: Self.start + 512_000_000, duration: 512_000_000, outcome: "exited 3",
        code: 3, reason: nil, program: "/bin/false", arguments: [Array("/bin/false".utf8), [0xC3, 0x28]],
        directory: "/", revision: "abc", pid: 7,
        standardOutput: StoredOutput(head: Array("höh".utf8), tail: [], dropped: 0), standardError: nil)
    ]
  }

  func objectKinds() async throws(JournalError) -> [String] { ["node", "rack"] }

  func types() async throws(JournalError) -> [StoredType] {
    try note("types")
    return [
      StoredType(
        name: "lease.begin", seen: 5, matched: 2, first: Self.start, last: Self.start + Self.hour, source: "default",
        envelope: Array("{}".utf8), sample: Array(Self.body.utf8)),
      StoredType(
        name: "other", seen: 1, matched: 0, first: Self.start, last: Self.start, source: nil, envelope: nil,
        sample: nil),
    ]
  }

  func latest() async throws(JournalError) -> (event: Int64, change: Int64) {
    try note("latest")
    return (3, 9)
  }

  static let body = """
    {"event_type":"lease.begin","message_id":"m-1","publisher_id":"p","priority":"INFO",\
    "payload":{"node_uuid":"n-1","purpose":"test"}}
    """

  static func event(_ number: Int64) -> StoredEvent {
    StoredEvent(
      number: number, source: "default", type: "lease.begin", id: "m-\(number)", time: nil,
      received: start + number * hour, subject: "n-1", objects: #"{"node":"n-1"}"#, tags: nil, cause: nil,
      result: number == 2 ? .undecodable : .matched, reason: number == 2 ? "it is no \"JSON\"" : nil, settle: .journal,
      size: 99)
  }

  static func run(_ number: Int64) -> StoredRun {
    StoredRun(
      number: number, id: (number == 1 ? "abcd1" : "abcd2") + String(repeating: "0", count: 27), event: 1,
      eventType: "lease.begin", subject: "n-1", action: "fulfill", state: number == 1 ? .failed : .running, attempts: 1,
      unclean: 0, change: 7 + number, created: start, started: start + 1_000,
      ended: number == 1 ? start + hour : nil, due: nil,
      outcome: "exited 3", reason: nil, isReplay: false, isAside: false)
  }
}
