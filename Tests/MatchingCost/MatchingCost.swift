// SPDX-License-Identifier: Apache-2.0

import CostCounting
import Glibc

/// `matching-cost BODY DIRECTORY [--json] [--only CASE --events N]`: what one event costs, by itself, in this process.
///
/// BODY is a file with a notification of a fulfilled lease; journals are begun in the empty DIRECTORY. With `--only`,
/// N events of one case are measured once, so that they can be counted from outside: all of it happens inside
/// `cost_measure`. See scripts/cost-gate.
@main
struct MatchingCost {
  /// What each case is measured as: the median of these rounds counts.
  private static let rounds = 9

  static func main() throws {
    var words = CommandLine.arguments.dropFirst()
    var paths: [String] = []
    var only: String?
    var events: Int?
    var isJSON = false
    while let word = words.popFirst() {
      switch word {
      case "--json": isJSON = true
      case "--only": only = words.popFirst() ?? ""
      case "--events": events = words.popFirst().flatMap { Int($0) } ?? 0
      default: paths.append(word)
      }
    }
    guard paths.count == 2, (only == nil) == (events == nil), events ?? 1 > 0, let body = read(paths[0]) else {
      print("usage: matching-cost BODY DIRECTORY [--json] [--only CASE --events N]")
      exit(64)
    }
    let cases = MatchingCases(body: body).all + JournalCases(body: body, directory: paths[1]).all
    var costs: [Cost] = []
    for each in cases where only == nil || each.name == only {
      costs.append(try Cost(of: each, events: events ?? each.events, rounds: only == nil ? rounds : 1))
    }
    guard !costs.isEmpty else {
      print("matching-cost: there is no case \(only ?? ""); the cases are \(cases.map(\.name).joined(separator: ", "))")
      exit(64)
    }
    print(isJSON ? json(costs) : table(costs))
  }

  private static func table(_ costs: [Cost]) -> String {
    let rows = costs.map { cost in
      [cost.name, "\(cost.events)", "\(cost.nanoseconds)", hundredths(cost.allocations), hundredths(cost.bytes)]
    }
    let titles = ["case", "events", "ns", "allocations", "bytes"]
    return ([titles] + rows).map { row in
      pad(row[0], 12) + row.dropFirst().map { pad($0, -13) }.joined()
    }.joined(separator: "\n")
  }

  private static func json(_ costs: [Cost]) -> String {
    let rows = costs.map { cost in
      """
        {"case": "\(cost.name)", "events": \(cost.events), "ns": \(cost.nanoseconds), \
      "allocations": \(hundredths(cost.allocations)), "bytes": \(hundredths(cost.bytes))}
      """
    }
    return "[\n" + rows.joined(separator: ",\n") + "\n]"
  }

  /// A number with two decimals.
  private static func hundredths(_ number: Double) -> String {
    let scaled = Int((number * 100).rounded())
    return "\(scaled / 100).\(scaled % 100 / 10)\(scaled % 10)"
  }

  /// A text in a column; flush right where the width is negative.
  private static func pad(_ text: String, _ width: Int) -> String {
    let space = String(repeating: " ", count: max(0, abs(width) - text.count))
    return width < 0 ? space + text : text + space
  }

  /// A notification as it lies on a queue; the line end of the file is no part of it.
  private static func read(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    return bytes.isEmpty ? nil : bytes
  }
}

/// One thing that is measured.
struct CostCase {
  let name: String
  /// Of a round.
  let events: Int
  /// Makes what stays from one round to the next, and returns what makes a round of so many events ready, which
  /// returns what is measured.
  let setUp: () throws -> (_ events: Int) throws -> () throws -> Void
}

/// What a case came to, per event.
struct Cost {
  let name: String
  let events: Int
  /// Wall clock; the median of the rounds.
  let nanoseconds: Int
  /// On the heap, by the measuring thread, in the last round.
  let allocations: Double
  let bytes: Double

  init(of cost: CostCase, events: Int, rounds: Int) throws {
    name = cost.name
    self.events = events
    // What is made once and kept: memory, statements, what a type can reach.
    let round = try cost.setUp()
    try round(JournalCases.batch)()
    var times: [Duration] = []
    var allocated = cost_allocations()
    for _ in 0..<rounds {
      let measured = Measured(try round(events))
      let began = ContinuousClock.now
      allocated = cost_measure(
        { Unmanaged<Measured>.fromOpaque($0).takeUnretainedValue().run() },
        Unmanaged.passUnretained(measured).toOpaque())
      times.append(.now - began)
      if let failure = measured.failure { throw failure }
    }
    nanoseconds = Int(times.sorted()[rounds / 2] / .nanoseconds(events))
    allocations = Double(allocated.count) / Double(events)
    bytes = Double(allocated.bytes) / Double(events)
  }

  /// Carries what is measured through C.
  private final class Measured {
    private let body: () throws -> Void
    private(set) var failure: (any Error)?

    init(_ body: @escaping () throws -> Void) { self.body = body }

    func run() {
      do { try body() } catch { failure = error }
    }
  }
}
