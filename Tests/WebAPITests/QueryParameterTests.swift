// SPDX-License-Identifier: Apache-2.0

import Events
import Synchronization
import Testing

@testable import Journal
@testable import WebAPI

/// What parameters ask, and how answers point to the pages around them.
@Suite struct QueryParameterTests {
  private static let now: Int64 = 1_795_000_000_000_000_000
  private static let groups = EventGroups([
    EventGroup(name: "power", level: .warning, patterns: [EventPattern("node.power.*")]),
    EventGroup(name: "lease", level: .detail, patterns: [EventPattern("lease.#")]),
  ])

  private let journal = RecordedJournal()
  private var answers: HistoryAnswers {
    HistoryAnswers(journal, groups: { Self.groups }, now: { Self.now }) { _ in EventMapping() }
  }

  private func query(_ items: (String, String)...) async throws -> EventQuery {
    try await answers.eventQuery(RequestParameters(items.map { .init($0.0, $0.1) }), known: [])
  }

  private func problem(_ items: (String, String)...) async -> Problem? {
    do {
      _ = try await answers.events(RequestParameters(items.map { .init($0.0, $0.1) }))
      return nil
    } catch {
      return error
    }
  }

  @Test("each parameter restricts what it names, and what may be repeated is gathered")
  func filters() async throws {
    let query = try await query(
      ("tag", "a"), ("tag", "b:c"), ("object", "lease:l-1"), ("node", "n-1"), ("rack", "r"), ("value_gte", "-1.5"),
      ("value_lt", "3e2"), ("text", "Power lost*"), ("subject", "s"), ("source", "local"))
    #expect(query.tags == ["a", "b:c"])
    #expect(
      query.objects.first == ObjectName(kind: "lease", name: "l-1")
        && query.objects.contains(ObjectName(kind: "node", name: "n-1"))
        && query.objects.contains(ObjectName(kind: "rack", name: "r")))
    #expect(query.value?.least == -1.5 && query.value?.below == 300 && query.value?.equal == nil)
    #expect(query.text == WordSearch("power lost*"))
    #expect(query.subject == "s" && query.source == "local" && query.isWantedType == nil)
  }

  @Test("a group and a level are those of the types")
  func groups() async throws {
    let power = try #require(try await query(("group", "power")).isWantedType)
    #expect(power("node.power.on") && !power("lease.end") && !power("other"))
    let detail = try #require(try await query(("level", "detail")).isWantedType)
    #expect(detail("lease.end") && !detail("node.power.on") && !detail("other"))
    let both = try #require(try await query(("level", "detail"), ("group", "power")).isWantedType)
    #expect(!both("lease.end") && !both("node.power.on"))
    #expect(await problem(("group", "moon"))?.detail == "group is 'moon'; expected one of power, lease")
  }

  @Test(
    "times are instants, or lengths before now; the end that a name leaves out is left out",
    arguments: [
      ("gte", "now", now), ("since", "-2h", now - 7_200_000_000_000), ("gt", "now-1d", now - 86_400_000_000_000 + 1),
      ("gte", "now+30s", now + 30_000_000_000), ("gte", "2026-11-18T13:06:40Z", 1_795_007_200_000_000_000),
    ])
  func times(name: String, text: String, expected: Int64) async throws {
    #expect(try await query((name, text)).since == expected)
    let other = ["gte": "lt", "since": "until", "gt": "lte"][name] ?? ""
    // The same instant as an end: before it, or with it.
    #expect(try await query((other, text)).until == expected)
  }

  private static let contradictions: [(parameters: String, field: String)] = [
    ("lt=now&lte=now", "lte"), ("gte=now&gt=now", "gt"), ("since=now&gte=now", "since"), ("lt=-2x", "lt"),
    ("lt=now-", "lt"), ("lt=now2026-11-18", "lt"), ("text=--", "text"), ("value=many", "value"),
    ("value_gt=inf", "value_gt"), ("before=1&after=1", "after"), ("limit=5&per_page=5", "per_page"),
    ("per_page=1001", "per_page"), ("tag=", "tag"), ("nodes=n", "nodes"), ("every=5m", "every"),
    ("level=loud", "level"),
    ("aggregate=median", "aggregate"), ("aggregate=count&every=0s", "every"), ("aggregate=count&every=5", "every"),
    ("aggregate=count&by=owner", "by"), ("aggregate=sum&field=@nothing", "field"), ("aggregate=sum&limit=5", "limit"),
  ]

  @Test("what contradicts itself or says nothing is refused by its name", arguments: contradictions)
  func refusals(parameters: String, field: String) async throws {
    let items = parameters.split(separator: "&").map { item in
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return RequestParameters.Item(String(parts[0]), String(parts[1]))
    }
    do {
      _ = try await answers.events(RequestParameters(items))
      Issue.record("\(parameters) was answered")
    } catch {
      #expect(error.kind == .invalid && error.field == field, "\(error.detail)")
    }
  }

  @Test("a page tells how many rows there are, and where the first, the next and the previous one are")
  func links() async throws {
    let first = try await answers.events(RequestParameters([.init("tag", "a"), .init("limit", "2")]))
    #expect(first.headers.map(\.name) == ["Link", "X-Total-Count"])
    #expect(
      first.headers[0].value == "</api/v1/events?tag=a&limit=2&before=2>; rel=\"next\", "
        + "</api/v1/events?tag=a&limit=2>; rel=\"first\"")
    #expect(first.headers[1].value == "3")
    let second = try await answers.events(RequestParameters([.init("per_page", "2"), .init("before", "3")]))
    #expect(
      second.headers[0].value == "</api/v1/events?per_page=2&before=1>; rel=\"next\", "
        + "</api/v1/events?per_page=2>; rel=\"first\", </api/v1/events?per_page=2&after=2>; rel=\"prev\"")
    let upward = try await answers.events(RequestParameters([.init("after", "2")]))
    #expect(
      upward.headers[0].value == "</api/v1/events>; rel=\"first\", </api/v1/events?before=3>; rel=\"prev\"")
    #expect(try await answers.runs(RequestParameters()).headers.last?.value == "10000+")
  }

  @Test("a row says its tags, its cause, and the group and level of its type")
  func members() async throws {
    let reply = try await answers.events(RequestParameters([.init("limit", "1")]))
    let text = String(decoding: reply.body, as: UTF8.self)
    #expect(text.contains(#""tags":[],"cause":null,"group":"lease","level":"detail"}"#))
  }

  @Test("figures come with their bucket and name, and with how many numbers they are of")
  func aggregates() async throws {
    let reply = try await answers.events(
      RequestParameters([.init("aggregate", "average"), .init("by", "type"), .init("every", "1h")]))
    #expect(
      String(decoding: reply.body, as: UTF8.self)
        == #"{"aggregate":"average","field":"value","every":3600.0,"by":"type","skipped":4,"rows":["#
        + #"{"start":"2026-11-18T11:06:40.000000Z","type":"lease.begin","average":1.75,"count":2},"#
        + #"{"start":"2026-11-18T12:06:40.000000Z","type":null,"average":7,"count":1}]}"#)
    let count = try await answers.events(RequestParameters([.init("aggregate", "count"), .init("node", "n")]))
    #expect(String(decoding: count.body, as: UTF8.self).contains(#""field":null,"every":null,"by":null,"skipped":4"#))
    #expect(journal.asked.withLock { $0 } == ["aggregate value 3600000000000", "aggregate events 0"])
  }
}
