// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

extension HistoryAnswers {
  enum Aggregate: String, CaseIterable { case count, min, max, average, sum }
  enum AggregateKey: String, CaseIterable { case type, subject, action, group }

  /// One figure of the events that are asked for; of each bucket of time with `every`, of each name with `by`.
  ///
  /// A count is one of events, or with `field` of the numbers at that path; all others are of the numbers at `field`,
  /// by default `value`. Buckets begin at multiples of their length since 1970, in UTC.
  func figures(_ aggregate: Aggregate, _ parameters: RequestParameters) async throws(Problem) -> Reply {
    let events = try await eventQuery(parameters, known: ["aggregate", "field", "every", "by"])
    let by: AggregateKey? = try parameters.choice("by")
    var query = AggregateQuery(events)
    query.every = try length(parameters)
    query.key = key(by)
    query.measure = try measure(parameters, aggregate)
    let asked = query
    let answer = try await asking { () async throws(JournalError) in try await journal.aggregate(asked) }
    let rows = answer.rows.map { row in
      var members: [(key: String, value: JSONTree)] = []
      if let start = row.start { members.append(("start", .instant(start))) }
      if let by { members.append((by.rawValue, .optional(row.key))) }
      members.append((aggregate.rawValue, row.figure(aggregate)))
      if aggregate != .count { members.append(("count", .integer(row.count))) }
      return JSONTree.object(members)
    }
    var members: [(key: String, value: JSONTree)] = [
      ("aggregate", .text(aggregate.rawValue)), ("field", .optional(field(query.measure))),
      ("every", .optional(query.every, JSONTree.seconds)), ("by", .optional(by?.rawValue)),
      ("skipped", .integer(answer.skipped)),
    ]
    // Of no event at all there is a count, too.
    let isOne = query.every == nil && by == nil
    members.append(("rows", .list(isOne && rows.isEmpty ? [.object([Self.nothing(aggregate)])] : rows)))
    return Reply(.object(members))
  }

  private static func nothing(_ aggregate: Aggregate) -> (key: String, value: JSONTree) {
    (aggregate.rawValue, aggregate == .count ? .integer(0) : .null)
  }

  private func length(_ parameters: RequestParameters) throws(Problem) -> Int64? {
    guard let text = try parameters.text("every") else { return nil }
    guard let length = TimeText.length(text), length > 0 else {
      throw Problem.invalid("every", text, expected: "the length of a bucket, such as 30s, 5m, 1h, 1d, 1w")
    }
    return length
  }

  private func measure(
    _ parameters: RequestParameters, _ aggregate: Aggregate
  ) throws(Problem) -> AggregateQuery.Measure {
    guard let text = try parameters.text("field") else { return aggregate == .count ? .events : .value }
    guard text != "value" else { return .value }
    do throws(FieldPathError) {
      _ = try FieldPath(text)
      return .path(text)
    } catch {
      throw Problem.invalid("field", text, expected: "a path: \(error.reason)")
    }
  }

  private func field(_ measure: AggregateQuery.Measure) -> String? {
    switch measure {
    case .events: nil
    case .value: "value"
    case .path(let path): path
    }
  }

  private func key(_ by: AggregateKey?) -> AggregateQuery.Key? {
    switch by {
    case nil: return nil
    case .type: return .type { $0 }
    case .subject: return .subject
    case .action: return .action
    case .group:
      let groups = groups()
      return .type { groups.group(ofType: $0)?.name }
    }
  }
}

extension Aggregation.Row {
  fileprivate func figure(_ aggregate: HistoryAnswers.Aggregate) -> JSONTree {
    switch aggregate {
    case .count: .integer(count)
    case .min: .number(least)
    case .max: .number(most)
    case .sum: .number(sum)
    case .average: .number(count == 0 ? .nan : sum / Double(count))
    }
  }
}
