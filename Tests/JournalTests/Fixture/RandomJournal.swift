// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import Journal
import ProgramFixture

/// A journal of events that were chosen at random, written by its writer, and what is known of each.
struct RandomJournal {
  struct Known {
    var number: Int64
    var source: String
    var type: String
    var subject: String?
    var objects: [String: String]
    var tags: Set<String>
    var value: Double?
    var received: Int64
    var result: EventResult
    var words: Set<String>
    /// The number in the body, which no column has.
    var weight: Double?
    var runs: [(number: Int64, action: String, state: RunState)]
  }

  let scratch: ScratchJournal
  let owned: OwnedJournal
  private(set) var events: [Known] = []
  var random: SeededGenerator

  static let types = ["lease.start", "lease.end", "node.power.on", "node.power.off", "", "other"]
  static let actions = ["open", "close", "seldom"]
  static let second: Int64 = 1_000_000_000
  static let hour: Int64 = 3_600 * second

  init(seed: UInt64, events count: Int) throws {
    scratch = try ScratchJournal()
    owned = try OwnedJournal(path: scratch.path)
    random = SeededGenerator(seed: seed)
    try add(count)
  }

  var writer: JournalWriter { get throws { try owned.writer.orThrow() } }

  /// Adds events of every kind, some of them received before others with lower numbers.
  mutating func add(_ count: Int) throws {
    let writer = try writer
    var new: [NewEvent] = []
    var known: [Known] = []
    for _ in 0..<count {
      let (event, facts) = next(events.count + known.count)
      new.append(event)
      known.append(facts)
    }
    try writer.transaction(isDurable: false) { () throws(SQLiteError) in
      for index in new.indices {
        guard case .new(let number, let runs) = try writer.accept(new[index]) else { continue }
        known[index].number = number
        for (place, run) in runs.enumerated() {
          known[index].runs[place].number = run.number
          let state = known[index].runs[place].state
          guard [.failed, .succeeded, .held, .waiting, .running].contains(state) else { continue }
          let ended = state.isEnded ? "1" : "NULL"
          try writer.connection.execute(
            "UPDATE runs SET state = '\(state.rawValue)', ended = \(ended) WHERE number = \(run.number)")
        }
      }
    }
    events += known
  }

  private mutating func next(_ index: Int) -> (NewEvent, Known) {
    // A clock that was set back by three hours, half-way.
    let clock =
      Int64(index) * 60 * Self.second - (index > events.count / 2 && index % 4_000 > 2_000 ? 3 * Self.hour : 0)
    var known = Known(
      number: 0, source: random.chance(2) ? "rare" : random.pick(["main", "local"]), type: random.pick(Self.types),
      subject: random.chance(80) ? "n\(Int.random(in: 0..<30, using: &random))" : nil, objects: [:], tags: [],
      value: random.chance(50) ? Double(Int.random(in: -20..<60, using: &random)) / 2 : nil,
      received: 1_700_000_000 * Self.second + clock + Int64.random(in: 0..<90 * Self.second, using: &random),
      result: random.chance(3) ? .undecodable : .matched, words: [],
      weight: random.chance(60) ? Double(Int.random(in: 0..<100, using: &random)) : nil, runs: [])
    if let subject = known.subject, random.chance(50) { known.objects["node"] = subject }
    if random.chance(40) { known.objects["lease"] = "l\(Int.random(in: 0..<200, using: &random))" }
    if random.chance(5) { known.objects["host"] = "n\(Int.random(in: 0..<30, using: &random))" }
    var tags: [String] = []
    for tag in ["urgent", "rack:a", "rack:b", "Ä \"tag\""] where random.chance(tag == "rack:b" ? 1 : 40) {
      tags.append(tag)
    }
    known.tags = Set(tags).union(tags.filter { $0.hasPrefix("rack:") }.map { _ in "rack" })
    for word in ["power", "grün", "lost", "x\(index % 97)", "u\(index)"] where random.chance(word == "lost" ? 2 : 70) {
      known.words.insert(word)
    }
    let body = known.words.joined(separator: ", ").uppercased() + (known.weight.map { " weight=\(Int($0))" } ?? "")
    if known.weight != nil { known.words.formUnion(["weight", body.components(separatedBy: "=")[1]]) }
    let count = Int.random(in: 0..<3, using: &random)
    for action in Self.actions.prefix(count) + (random.chance(1) ? ["seldom"] : []) {
      known.runs.append((0, action, random.pick(RunState.allCases)))
    }
    var event = NewEvent(
      source: known.source, type: known.type, id: nil, identity: nil, time: nil, received: known.received,
      subject: known.subject, objects: known.objects.map { ($0.key, $0.value) }, result: known.result, reason: nil,
      settle: .journal, envelope: Array("{}".utf8), body: Array(body.utf8),
      runs: known.runs.map { run in
        NewRun(
          id: (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }, action: run.action, lane: nil,
          state: [.failed, .succeeded, .held, .waiting, .running].contains(run.state) ? .pending : run.state,
          reason: nil, isAside: false)
      })
    event.tags = tags
    event.value = known.value
    return (event, known)
  }
}

extension Optional {
  struct Missing: Error {}
  func orThrow() throws -> Wrapped {
    guard let self else { throw Missing() }
    return self
  }
}

/// Bodies of `RandomJournal`: their text, and the number behind `weight=`.
final class WeighedBodies: BodyReading {
  func forEachText(of body: StoredBody, _ use: (UnsafeBufferPointer<UInt8>) -> Bool) {
    body.body.withUnsafeBufferPointer { _ = use($0) }
  }

  func number(at path: String, of body: StoredBody) -> Double? {
    let text = String(decoding: body.body, as: UTF8.self)
    guard path == "weight", let equals = text.range(of: "weight=") else { return nil }
    return Double(text[equals.upperBound...])
  }
}
