// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import Settings
import Synchronization
import Testing

@testable import Daemon
@testable import WebAPI

/// What the dispatcher tells those who follow the journal.
@Suite struct FollowingTests {
  /// Takes messages of a stream, as its client would.
  private final class Listener: Sendable {
    private let messages: AsyncStream<String>
    private let task: Task<Void, Never>

    init(_ stream: EventStream) {
      let (messages, source) = AsyncStream.makeStream(of: String.self)
      self.messages = messages
      let parser = Mutex(StreamParser())
      task = Task {
        try? await stream.run { buffer in
          parser.withLock { parser in
            try? parser.take(buffer) { source.yield(String(decoding: $0.data, as: UTF8.self)) }
          }
        }
        source.finish()
      }
    }

    func next() async -> String {
      var iterator = messages.makeAsyncIterator()
      return await iterator.next() ?? "the end"
    }
  }

  private func feeds(_ scene: DispatchScene) throws -> LiveFeeds {
    LiveFeeds(
      try JournalReader(path: scene.configuration.journal.path), bell: try scene.dispatcher.bell,
      groups: { EventGroups([EventGroup(name: "letters", level: .detail, patterns: [EventPattern("a.*")])]) })
  }

  @Test("an event is told with its group once it is committed, and each change of its run, to the end")
  func life() async throws {
    let scene = try DispatchScene([DispatchScene.action("act")])
    defer { scene.remove() }
    try scene.arrive("before")
    try scene.end(0)
    let feeds = try feeds(scene)
    let events = Listener(try feeds.open(.events, RequestParameters([.init("action", "act")]), last: nil))
    let runs = Listener(try feeds.open(.runs, RequestParameters(), last: nil))
    #expect(await events.next() == "")
    #expect(await runs.next() == "")
    try scene.arrive("after")
    let event = await events.next()
    #expect(event.hasPrefix(#"{"event":2,"type":"a.b""#), "\(event)")
    #expect(event.contains(#""group":"letters","level":"detail""#))
    let started = await runs.next()
    #expect(started.contains(#""run":2"#) && started.contains(#""state":"running""#), "\(started)")
    try scene.end(1)
    let ended = await runs.next()
    #expect(ended.contains(#""state":"succeeded""#) && ended.contains(#""outcome":"exited 0""#), "\(ended)")
    feeds.close()
    #expect(await events.next() == "the end")
  }

  @Test("a new life goes on where the last one ended, without a gap and without a double")
  func restart() async throws {
    let scene = try DispatchScene([DispatchScene.action("act")])
    defer { scene.remove() }
    for number in 1...3 { try scene.arrive("\(number)") }
    let first = try feeds(scene)
    let before = Listener(try first.open(.events, RequestParameters([.init("from", "2")]), last: nil))
    #expect(await before.next() == "")
    #expect(await before.next().hasPrefix(#"{"event":2,"#))
    first.close()
    scene.crash()
    try scene.arrive("4")
    let second = try feeds(scene)
    let after = Listener(try second.open(.events, RequestParameters(), last: "2"))
    #expect(await after.next() == "")
    for number in 3...4 { #expect(await after.next().hasPrefix(#"{"event":\#(number),"#)) }
    try scene.arrive("5")
    #expect(await after.next().hasPrefix(#"{"event":5,"#))
    second.close()
  }

  @Test("what the journal deleted is known to be gone: whoever had not seen it is told")
  func retention() async throws {
    let scene = try DispatchScene([DispatchScene.action("act")])
    defer { scene.remove() }
    for number in 1...6 { try scene.arrive("\(number)", node: "\(number)") }
    // The first stays, since its run has not ended: what is missing is in the middle.
    for index in 1...3 { try scene.end(index) }
    let reader = try JournalReader(path: scene.configuration.journal.path)
    let whole = try await reader.extent()
    #expect(whole.events == .init(newest: 6, forgotten: 0, oldest: 1))
    #expect(whole.changes.forgotten == 0)
    try scene.inTransaction { dispatcher in
      _ = try dispatcher.journal.writer.deleteEvents(before: nil, after: 0, limit: 100)
    }
    let rest = try await reader.extent()
    #expect(rest.events == .init(newest: 6, forgotten: 4, oldest: 1))
    #expect(rest.changes.forgotten > 0 && rest.changes.newest == whole.changes.newest)
    #expect(try await reader.news(after: 0, limit: 10).map(\.event.number) == [1, 5, 6])
    #expect(try await reader.news(after: 1, limit: 1).map(\.actions) == [["act"]])
    // It holds over a restart.
    scene.crash()
    _ = try scene.dispatcher
    #expect(try await reader.extent().events.forgotten == 4)
  }
}
