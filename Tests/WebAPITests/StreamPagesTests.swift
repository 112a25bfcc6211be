// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import NIOCore
import Testing

@testable import Journal
@testable import WebAPI

@Suite struct StreamPagesTests {
  private func object(_ json: [UInt8]) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
  }

  private let power = EventGroup(name: "power", level: .warning, patterns: [EventPattern("lease.#")])

  @Test("the summary of an event has what a list shows first, within 300 bytes")
  func event() throws {
    var event = RecordedJournal.event(17)
    event.tags = #"["urgent","rack:7"]"#
    let json = StreamSummary(event, group: power, JSONDocument()).json
    #expect(json.count <= 300)
    let text = String(decoding: json, as: UTF8.self)
    #expect(text.hasPrefix(#"{"event":17,"type":"lease.begin","received":"2026-11-19T"#), "\(text)")
    #expect(
      text.hasSuffix(
        #""source":"default","subject":"n-1","result":"matched","group":"power","level":"warning","tags":["urgent","rack:7"]}"#
      ), "\(text)")
    let bare = try object(StreamSummary(RecordedJournal.event(1), group: nil, JSONDocument()).json)
    #expect(bare["group"] is NSNull)
    #expect((bare["tags"] as? [String]) == [])
  }

  @Test("what would make a summary too long is left out, the longest member first, and the rest stays")
  func limits() throws {
    for (subject, type, tags) in [
      (String(repeating: "s", count: 280), "a.b", "[]"), ("n", String(repeating: "t.", count: 300), "[]"),
      (String(repeating: "\u{1}", count: 60), "a.b", #"["\#(String(repeating: "g", count: 90))"]"#),
      ("n", "a.b", "[" + (0..<100).map { "\"t\($0)\"" }.joined(separator: ",") + "]"),
      (String(repeating: "é", count: 5_000), String(repeating: "\"", count: 5_000), "[]"),
    ] {
      var event = RecordedJournal.event(1)
      (event.subject, event.type, event.tags) = (subject, type, tags)
      event.number = Int64.max
      let json = StreamSummary(event, group: power, JSONDocument()).json
      #expect(json.count <= 300)
      let members = try object(json)
      #expect(members["event"] as? Int64 == Int64.max)
      #expect(members["result"] as? String == "matched")
      if subject == "n" { #expect(members["subject"] as? String == "n") }
      if type == "a.b" { #expect(members["type"] as? String == "a.b") }
    }
  }

  @Test("the summary of a run says when it was accepted, and once it has ended when that was")
  func run() throws {
    let running = try object(StreamSummary(RecordedJournal.run(2)).json)
    #expect(running["state"] as? String == "running")
    #expect(running["created"] != nil && running["ended"] == nil)
    var run = RecordedJournal.run(1)
    (run.eventType, run.action) = (String(repeating: "t", count: 400), String(repeating: "a", count: 400))
    run.number = .max
    run.change = .max
    let json = StreamSummary(run).json
    #expect(json.count <= 300)
    let failed = try object(json)
    #expect(failed["ended"] != nil && failed["created"] == nil)
    #expect(failed["run_id"] as? String == run.id)
    #expect(failed["type"] == nil && failed["action"] == nil)
  }

  private func facts(_ change: (inout EventNews) -> Void) -> StreamFacts {
    var news = EventNews(RecordedJournal.event(5), actions: ["fulfill", "log"])
    change(&news)
    return StreamFacts(news, group: power, JSONDocument())
  }

  @Test("a filter takes what all of its parts take")
  func filters() throws {
    let facts = facts {
      $0.event.tags = #"["urgent","rack:7",":odd"]"#
      $0.event.objects = #"{"node":"n-1","lease":"l-2"}"#
    }
    for (query, isTaken) in [
      ("", true), ("type=lease.*", true), ("type=node.%23, lease.begin", true), ("type=lease", false),
      ("tag=urgent", true), ("tag=urgent&tag=rack:7", true), ("tag=rack", true), ("tag=urgent&tag=rack:8", false),
      ("object=node:n-1", true), ("object=n-1", true), ("object=node=n-1&object=lease:l-2", true),
      ("object=lease:n-1", false), ("subject=n-1", true), ("subject=n", false), ("source=default", true),
      ("source=local", false), ("result=matched", true), ("result=undecodable", false), ("group=power", true),
      ("group=lease", false), ("level=warning", true), ("level=critical", false), ("action=log", true),
      ("action=other", false), ("tag=urgent&subject=n-1&level=warning&action=fulfill", true),
      ("tag=urgent&subject=n-1&level=warning&action=nobody", false),
    ] {
      #expect(try StreamFilter(parameters(query), of: .events).takes(facts) == isTaken, "\(query)")
    }
    let run = StreamFacts(RecordedJournal.run(1))
    for (query, isTaken) in [
      ("state=failed", true), ("state=running&state=failed", true), ("state=running", false), ("event=1", true),
      ("event=2", false), ("action=fulfill", true), ("type=lease.begin", true), ("subject=n-2", false),
    ] {
      #expect(try StreamFilter(parameters(query), of: .runs).takes(run) == isTaken, "\(query)")
    }
  }

  private func parameters(_ query: String) -> RequestParameters {
    RequestParameters(
      query.split(separator: "&").map { item in
        let parts = item.split(separator: "=", maxSplits: 1)
        return .init(String(parts[0]), String(parts[1]).removingPercentEncoding ?? "")
      })
  }

  @Test("a filter that no stream has is refused, with those that there are")
  func refusals() throws {
    for (query, kind, words) in [
      ("nonsense=1", StreamKind.events, "there are type, tag, object"), ("tag=a", .runs, "there are type, subject"),
      ("state=failed", .events, "no parameter 'state'"), ("level=high", .events, "critical, warning, detail"),
      ("state=gone", .runs, "succeeded"), ("type=", .runs, "leave it out"), ("object=node:", .events, "KIND:NAME"),
    ] {
      let query = query == "type=" ? RequestParameters([.init("type", "")]) : parameters(query)
      let problem = #expect(throws: Problem.self) { try StreamFilter(query, of: kind) }
      #expect(problem?.detail.contains(words) == true, "\(problem?.detail ?? "-")")
    }
  }

  @Test("a page hands over what stands behind an id, all of it as it was written once")
  func page() throws {
    let page = StreamPage((1...9).map { EventNews(RecordedJournal.event($0), actions: []) }, EventGroups())
    var parser = StreamParser()
    func ids(_ buffer: ByteBuffer?) throws -> [String] {
      var ids: [String] = []
      try parser.take(buffer?.readableBytesView ?? ByteBuffer().readableBytesView) { ids.append($0.id ?? "-") }
      return ids
    }
    let all = StreamFilter()
    #expect(try ids(page.text(after: 0, all)) == (1...9).map(String.init))
    #expect(try ids(page.text(after: 5, all)) == ["6", "7", "8", "9"])
    #expect(page.text(after: 9, all) == nil)
    var undecodable = StreamFilter()
    undecodable.result = .undecodable
    #expect(try ids(page.text(after: 0, undecodable)) == ["2"])
    #expect(page.text(after: 2, undecodable) == nil)
    #expect(StreamPage().text(after: 0, all) == nil)
  }

  @Test("messages are read however their bytes are cut, with either end of lines")
  func parsing() throws {
    let text =
      "retry: 1000\nid: 4\n\n: heartbeat\r\n\r\nid:5\nevent: event\ndata: {\"a\"\ndata: :1}\n\nevent: lost\n\ndata\n\n"
    let expected = [
      StreamParser.Message(id: "4"), .init(id: "5", name: "event", data: Array("{\"a\"\n:1}".utf8)),
      .init(name: "message", data: []),
    ]
    for length in 1...text.utf8.count {
      var parser = StreamParser()
      var messages: [StreamParser.Message] = []
      let bytes = Array(text.utf8)
      for start in stride(from: 0, to: bytes.count, by: length) {
        try parser.take(bytes[start..<min(bytes.count, start + length)]) { messages.append($0) }
      }
      #expect(messages == expected, "\(length)")
    }
    var parser = StreamParser()
    #expect(throws: StreamParser.TooLong.self) {
      try parser.take([UInt8](repeating: 65, count: 100_000)) { _ in }
    }
  }
}
