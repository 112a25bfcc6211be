// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Journal
import ProgramFixture

/// Every question gets the answer that looking at each event would give, whatever way the planner takes.
@Suite struct EventQueryTests {
  private struct Wanted {
    var query = EventQuery()
    var holds: [(RandomJournal.Known) -> Bool] = []
  }

  private static func reader(_ journal: RandomJournal) throws -> JournalReader {
    let limits = JournalReader.Limits(list: .seconds(60), long: .seconds(60), count: .seconds(60))
    return try JournalReader(
      path: journal.scratch.path, bodies: { WeighedBodies() }, limits: limits, directory: nil)
  }

  /// A question of one to four conditions.
  private static func question(_ journal: RandomJournal, _ random: inout SeededGenerator) -> Wanted {
    var wanted = Wanted()
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      switch Int.random(in: 0..<12, using: &random) {
      case 0:
        let (pattern, types): (String, [String]) = random.pick([
          ("lease.*", ["lease.start", "lease.end"]), ("node.#", ["node.power.on", "node.power.off"]),
          ("other", ["other"]), ("nothing", []), ("#", RandomJournal.types),
        ])
        guard wanted.query.type == nil else { continue }
        wanted.query.type = pattern
        wanted.holds.append { types.contains($0.type) }
      case 1:
        wanted.query.isWantedType = { $0.hasSuffix("n") }
        wanted.holds.append { $0.type.hasSuffix("n") }
      case 2:
        let object = random.pick([
          ObjectName(kind: "node", name: "n3"), ObjectName(kind: nil, name: "n4"),
          ObjectName(kind: "lease", name: "l7"),
          ObjectName(kind: "moon", name: "n3"),
        ])
        wanted.query.objects.append(object)
        wanted.holds.append { event in
          event.objects.contains { ($0.key == object.kind || object.kind == nil) && $0.value == object.name }
        }
      case 3:
        guard wanted.query.subject == nil else { continue }
        let subject = "n\(Int.random(in: 0..<31, using: &random))"
        wanted.query.subject = subject
        wanted.holds.append { $0.subject == subject }
      case 4:
        let tag = random.pick(["urgent", "rack", "rack:a", "rack:b", "Ä \"tag\"", "none"])
        wanted.query.tags.append(tag)
        wanted.holds.append { $0.tags.contains(tag) }
      case 5:
        guard wanted.query.source == nil else { continue }
        let source = random.pick(["main", "local", "rare", "none"])
        wanted.query.source = source
        wanted.holds.append { $0.source == source }
      case 6:
        let bound = Double(Int.random(in: -20..<60, using: &random)) / 2
        guard wanted.query.value == nil else { continue }
        var range = ValueRange()
        let holds: (Double) -> Bool
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
          range.equal = bound
          holds = { $0 == bound }
        case 1:
          range.above = bound
          holds = { $0 > bound }
        case 2:
          range.least = bound
          holds = { $0 >= bound }
        case 3:
          range.below = bound
          holds = { $0 < bound }
        default:
          range.most = bound
          holds = { $0 <= bound }
        }
        wanted.query.value = range
        wanted.holds.append { $0.value.map(holds) ?? false }
      case 7:
        let action = random.pick(RandomJournal.actions + ["none"])
        guard wanted.query.action == nil, wanted.query.state == nil else { continue }
        wanted.query.action = action
        wanted.holds.append { $0.runs.contains { $0.action == action } }
      case 8:
        guard wanted.query.state == nil else { continue }
        let state = random.pick(RunState.allCases)
        // Together they ask for one run that has both.
        if let action = wanted.query.action {
          wanted.holds.append { $0.runs.contains { $0.action == action && $0.state == state } }
        } else {
          wanted.holds.append { $0.runs.contains { $0.state == state } }
        }
        wanted.query.state = state
      case 9:
        guard wanted.query.since == nil else { continue }
        let times = journal.events.map(\.received)
        let (one, other) = (random.pick(times), random.pick(times))
        (wanted.query.since, wanted.query.until) = random.chance(50) ? (min(one, other), max(one, other)) : (one, nil)
        let (since, until) = (wanted.query.since ?? 0, wanted.query.until ?? .max)
        wanted.holds.append { $0.received >= since && $0.received < until }
      case 10:
        guard wanted.query.result == nil else { continue }
        let result = random.pick(EventResult.allCases)
        wanted.query.result = result
        wanted.holds.append { $0.result == result }
      default:
        guard wanted.query.text == nil else { continue }
        let (text, words, beginning): (String, [String], String) = random.pick([
          ("power", ["power"], ""), ("GRÜN lost", ["grün", "lost"], ""), ("x5", ["x5"], ""), ("pow*", [], "pow"),
          ("weight=42", ["weight", "42"], ""), ("u1* power", ["power"], "u1"), ("nowhere", ["nowhere"], ""),
        ])
        wanted.query.text = WordSearch(text)
        wanted.holds.append { event in
          words.allSatisfy(event.words.contains)
            && (beginning.isEmpty || event.words.contains { $0.hasPrefix(beginning) })
        }
      }
    }
    return wanted
  }

  @Test("lists, pages and totals are those of a look at every event", arguments: [(1, 700), (2, 700), (3, 11_000)])
  func oracle(seed: UInt64, count: Int) async throws {
    let journal = try RandomJournal(seed: seed, events: count)
    // Two thirds are in the index of words, in several parts.
    let writer = try journal.writer
    try writer.transaction(isDurable: false) { () throws(SQLiteError) in
      _ = try writer.indexWords(WeighedBodies(), limit: count * 2 / 3, partSize: Int64(count / 5)) { false }
    }
    let reader = try Self.reader(journal)
    var random = SeededGenerator(seed: seed &* 77)
    var found = 0
    for _ in 0..<(count > 1_000 ? 60 : 250) {
      var wanted = Self.question(journal, &random)
      let all = journal.events.filter { event in wanted.holds.allSatisfy { $0(event) } }.map(\.number)
      found += all.isEmpty ? 0 : 1
      wanted.query.limit = Int.random(in: 1...40, using: &random)
      let total = try await reader.count(wanted.query)
      #expect(
        total == BoundedCount(count: min(all.count, BoundedCount.bound), isBounded: all.count > BoundedCount.bound))
      var expected = Array(all.reversed())
      switch Int.random(in: 0..<3, using: &random) {
      case 0:
        wanted.query.before = Int64.random(in: 0...Int64(count) + 1, using: &random)
        expected = expected.filter { $0 < wanted.query.before ?? 0 }
      case 1:
        wanted.query.after = Int64.random(in: 0...Int64(count) + 1, using: &random)
        expected = all.filter { $0 > wanted.query.after ?? 0 }
      default: break
      }
      let numbers = try await reader.events(wanted.query).map(\.number)
      #expect(numbers == Array(expected.prefix(wanted.query.limit)), "\(wanted.query)")
    }
    // The questions are not such that nothing is ever found.
    #expect(found > 20)
  }

  @Test("aggregates are those of a look at every event", arguments: [4, 5])
  func aggregates(seed: UInt64) async throws {
    let journal = try RandomJournal(seed: seed, events: 600)
    let reader = try Self.reader(journal)
    var random = SeededGenerator(seed: seed &* 99)
    for _ in 0..<80 {
      let wanted = Self.question(journal, &random)
      let all = journal.events.filter { event in wanted.holds.allSatisfy { $0(event) } }
      var query = AggregateQuery(wanted.query)
      query.every = random.pick([nil, 300 * RandomJournal.second, RandomJournal.hour])
      query.measure = random.pick([.events, .value, .path("weight")])
      let by = Int.random(in: 0..<4, using: &random)
      query.key = [nil, .type { $0.isEmpty ? nil : String($0.prefix(5)) }, .subject, .action][by]
      var expected: [String: [Double]] = [:]
      var skipped: Int64 = 0
      for event in all {
        let number: Double? =
          switch query.measure {
          case .events: 0
          case .value: event.value
          case .path: event.weight
          }
        guard let number else {
          skipped += 1
          continue
        }
        let start = query.every.map { event.received / $0 * $0 }
        let keys: Set<String?> =
          switch by {
          case 1: [event.type.isEmpty ? nil : String(event.type.prefix(5))]
          case 2: [event.subject]
          case 3: event.runs.isEmpty ? [nil] : Set(event.runs.map(\.action))
          default: [nil]
          }
        for key in keys { expected["\(start ?? -1) \(key ?? "-")", default: []].append(number) }
      }
      let answer = try await reader.aggregate(query)
      #expect(answer.skipped == skipped)
      #expect(answer.rows.count == expected.count)
      for row in answer.rows {
        let numbers = expected["\(row.start ?? -1) \(row.key ?? "-")"] ?? []
        #expect(row.count == numbers.count)
        guard query.measure != .events else { continue }
        #expect(row.least == numbers.min() && row.most == numbers.max() && row.sum == numbers.reduce(0, +))
      }
      #expect(answer.rows.map { $0.start ?? 0 } == answer.rows.map { $0.start ?? 0 }.sorted())
    }
  }

  @Test("pages stay whole while events arrive between them")
  func arriving() async throws {
    var journal = try RandomJournal(seed: 8, events: 300)
    let reader = try Self.reader(journal)
    let before = Set(journal.events.filter { $0.tags.contains("urgent") }.map(\.number))
    var seen: [Int64] = []
    while true {
      var query = EventQuery()
      query.tags = ["urgent"]
      query.before = seen.last
      query.limit = 7
      let page = try await reader.events(query)
      if page.isEmpty { break }
      seen += page.map(\.number)
      try journal.add(10)
    }
    #expect(Set(seen) == before && seen.count == before.count)
  }

  @Test("an aggregate of more rows than are answered is refused with the cure, one that takes too long is given up")
  func bounds() async throws {
    let journal = try RandomJournal(seed: 9, events: 10_100)
    var buckets = AggregateQuery(EventQuery())
    buckets.every = 1_000_000
    let query = buckets
    let reader = try Self.reader(journal)
    let refusal = await #expect(throws: JournalError.self) { try await reader.aggregate(query) }
    #expect(refusal == .tooManyRows(limit: 10_000))
    #expect(refusal?.description.contains("longer buckets") == true)
    let hasty = try JournalReader(
      path: journal.scratch.path, bodies: { WeighedBodies() },
      limits: JournalReader.Limits(long: .zero, count: .zero), directory: nil)
    await #expect(throws: JournalError.tooSlow(limit: .zero)) { try await hasty.aggregate(query) }
    // A total is not worth an error.
    var list = EventQuery()
    list.tags = ["urgent"]
    #expect(try await hasty.count(list).isBounded)
    #expect(try await hasty.events(list).count == 50)
  }
}
