// SPDX-License-Identifier: Apache-2.0

import Events
import Glibc
import Journal
import WebAPI

// query-load DIRECTORY EVENTS SECONDS
//
// Fills a journal in a directory with events, and asks it everything that the API documents; see scripts/query-load.
// With SECONDS 0 no time and no rate is judged.

guard CommandLine.arguments.count == 4, let count = Int(CommandLine.arguments[2]),
  let seconds = Int(CommandLine.arguments[3]), count > 0
else {
  print("usage: query-load DIRECTORY EVENTS SECONDS")
  exit(64)
}
let path = CommandLine.arguments[1] + "/journal.sqlite"
let journal = try JournalOwner(path: path)
var misses: [String] = []

func milliseconds(_ duration: Duration) -> Int { Int(duration / .milliseconds(1)) }

func pad(_ text: String, _ width: Int) -> String {
  text.count < width ? text + String(repeating: " ", count: width - text.count) : text
}

func size() -> Int {
  var status = stat()
  return stat(path, &status) == 0 ? Int(status.st_size) : 0
}

// MARK: Filling

var began = ContinuousClock.now
for start in stride(from: 0, to: count, by: 1_000) {
  try journal.accept(min(1_000, count - start), isDurable: false)
  try journal.writer().checkpoint()
}
let filled = ContinuousClock.now - began
try journal.writer().finish()
let withoutWords = size()
began = .now
while try journal.indexWords(for: .milliseconds(8)) { try journal.writer().checkpoint() }
try journal.writer().finish()
print(
  """
  \(count) events in \(milliseconds(filled)) ms: \(withoutWords / count) bytes each
  their words in \(milliseconds(.now - began)) ms: \((size() - withoutWords) / count) bytes of each event

  """)

// MARK: Questions

let reader = try JournalReader(path: path) { EventBodies { _ in EventMapping() } }

/// The median of some tries.
func time(_ work: () async throws -> Int) async throws -> (took: Duration, rows: Int) {
  var times: [Duration] = []
  var rows = 0
  for _ in 0..<(seconds == 0 ? 1 : 5) {
    let began = ContinuousClock.now
    rows = try await work()
    times.append(.now - began)
  }
  return (times.sorted()[times.count / 2], rows)
}

func ask(_ question: Question) async throws -> Int {
  if let aggregate = question.aggregate { return try await reader.aggregate(aggregate).rows.count }
  let rows = try await reader.events(question.query).count
  _ = try await reader.count(question.query)
  return rows
}

let questions = Question.lists(events: Int64(count)) + Question.aggregates(events: Int64(count))
for question in questions {
  let isAggregate = question.aggregate != nil
  let (took, rows) = try await time { try await ask(question) }
  var line = "\(pad(question.name, 44)) \(pad("\(milliseconds(took)) ms", 9)) \(pad("\(rows) rows", 10))"
  if !isAggregate { line += " total \(try await reader.count(question.query))" }
  print(line)
  let plan = isAggregate ? [] : try await reader.plan(of: question.query)
  for step in plan where !step.hasPrefix("SCAN k") && !step.contains("LEFT-JOIN") { print("    \(step)") }
  if let index = question.index,
    !index.split(separator: "|").contains(where: { part in plan.contains { $0.contains(part) } })
  {
    misses.append("\(question.name): its rows are not found by \(index)")
  }
  guard seconds > 0 else { continue }
  let aim = isAggregate ? Duration.seconds(3) : .milliseconds(100)
  if took > aim { misses.append("\(question.name) took \(milliseconds(took)) ms, more than \(milliseconds(aim)) ms") }
}

// MARK: Acceptance meanwhile

if seconds > 0 {
  var ratios: [Double] = []
  for round in 1...3 {
    let quiet = try await Acceptance.rate(journal, for: .seconds(seconds)) {
      try await Task.sleep(for: .milliseconds(50))
    }
    var asked = 0
    let asking = try await Acceptance.rate(journal, for: .seconds(seconds)) {
      // One person who looks, once a second, at all that there is.
      _ = try? await ask(questions[asked % questions.count])
      asked += 1
      try await Task.sleep(for: .milliseconds(200))
    }
    ratios.append(asking.perSecond / quiet.perSecond)
    print(
      "round \(round): \(Int(quiet.perSecond)) events/s accepted alone, \(Int(asking.perSecond)) while \(asked) questions were "
        + "asked; the longest batch took \(milliseconds(quiet.longest)) and \(milliseconds(asking.longest)) ms")
  }
  let ratio = ratios.sorted()[1]
  print("acceptance while questions are asked: \(Int(ratio * 100)) % of the rate alone, the median of three")
  if ratio < 0.9 { misses.append("questions slow acceptance down to \(Int(ratio * 100)) %") }
}

for miss in misses { print("MISSED: \(miss)") }
exit(misses.isEmpty ? 0 : 1)
