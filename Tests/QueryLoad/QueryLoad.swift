// SPDX-License-Identifier: Apache-2.0

import Events
import Glibc
import Journal
import WebAPI

/// `query-load DIRECTORY EVENTS SECONDS`: fills a journal in a directory, and asks it everything that the API documents.
///
/// With 0 seconds neither a time nor a rate is judged. See scripts/query-load.
@main
struct QueryLoad {
  let count: Int
  let seconds: Int
  let journal: JournalOwner
  let reader: JournalReader
  var misses: [String] = []

  static func main() async throws {
    let words = CommandLine.arguments
    guard words.count == 4, let count = Int(words[2]), let seconds = Int(words[3]), count > 0 else {
      print("usage: query-load DIRECTORY EVENTS SECONDS")
      exit(64)
    }
    let path = words[1] + "/journal.sqlite"
    let journal = try JournalOwner(path: path)
    let reader = try JournalReader(path: path) { EventBodies { _ in EventMapping() } }
    var load = QueryLoad(count: count, seconds: seconds, journal: journal, reader: reader)
    try load.fill()
    let questions = Question.lists(events: Int64(count)) + Question.aggregates(events: Int64(count))
    for question in questions { try await load.judge(question) }
    if seconds > 0 { try await load.judgeAcceptance(questions) }
    for miss in load.misses { print("MISSED: \(miss)") }
    exit(load.misses.isEmpty ? 0 : 1)
  }

  private func fill() throws {
    let began = ContinuousClock.now
    for start in stride(from: 0, to: count, by: 1_000) {
      try journal.accept(min(1_000, count - start), isDurable: false)
      try journal.writer().checkpoint()
    }
    let filled = ContinuousClock.now
    let size = try journal.writer().size()
    while try journal.indexWords(for: .milliseconds(8)) { try journal.writer().checkpoint() }
    let words = try journal.writer().size() - size
    try journal.writer().finish()
    print(
      """
      \(count) events in \(milliseconds(filled - began)) ms: \(size / Int64(count)) bytes each
      their words in \(milliseconds(.now - filled)) ms: \(words / Int64(count)) bytes of each event

      """)
  }

  /// Prints how a question is answered, and notes what it misses.
  private mutating func judge(_ question: Question) async throws {
    var times: [Duration] = []
    var rows = 0
    for _ in 0..<(seconds == 0 ? 1 : 5) {
      let began = ContinuousClock.now
      rows = try await ask(question)
      times.append(.now - began)
    }
    let took = times.sorted()[times.count / 2]
    let isList = question.aggregate == nil
    let total = isList ? "total \(try await reader.count(question.query))" : ""
    print("\(pad(question.name, 44)) \(pad("\(milliseconds(took)) ms", 9)) \(pad("\(rows) rows", 10)) \(total)")
    let plan = isList ? try await reader.plan(of: question.query) : []
    for step in plan where step != "SCAN k" && !step.contains("LEFT-JOIN") { print("    \(step)") }
    if let index = question.index, !plan.contains(where: { $0.contains(index) }) {
      misses.append("\(question.name): its rows are not found by \(index)")
    }
    let aim = isList ? Duration.milliseconds(100) : .seconds(3)
    guard seconds > 0, took > aim else { return }
    misses.append("\(question.name) took \(milliseconds(took)) ms, more than \(milliseconds(aim)) ms")
  }

  private mutating func judgeAcceptance(_ questions: [Question]) async throws {
    var ratios: [Double] = []
    for round in 1...3 {
      let alone = Acceptance(journal, for: .seconds(seconds))
      while !alone.isOver { try await Task.sleep(for: .milliseconds(50)) }
      let beside = Acceptance(journal, for: .seconds(seconds))
      var asked = 0
      while !beside.isOver {
        // Somebody who looks at all that there is, one thing after another.
        _ = try? await ask(questions[asked % questions.count])
        asked += 1
        try await Task.sleep(for: .milliseconds(200))
      }
      ratios.append(beside.rate / alone.rate)
      print(
        """
        round \(round): \(Int(alone.rate)) events/s accepted alone, \(Int(beside.rate)) while \(asked) questions were \
        asked; the longest batch took \(milliseconds(alone.longest)) and \(milliseconds(beside.longest)) ms
        """)
    }
    let ratio = ratios.sorted()[1]
    print("acceptance while questions are asked: \(Int(ratio * 100)) % of the rate alone, the median of three")
    if ratio < 0.9 { misses.append("questions slow acceptance down to \(Int(ratio * 100)) %") }
  }

  /// How many rows the answer has; a list is counted, too, as the API does.
  private func ask(_ question: Question) async throws -> Int {
    if let aggregate = question.aggregate { return try await reader.aggregate(aggregate).rows.count }
    let rows = try await reader.events(question.query).count
    _ = try await reader.count(question.query)
    return rows
  }

  private func milliseconds(_ duration: Duration) -> Int { Int(duration / .milliseconds(1)) }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
