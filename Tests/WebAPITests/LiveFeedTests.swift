// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import Synchronization
import Testing

@testable import WebAPI

@Suite struct LiveFeedTests {
  let journal = FollowedJournal()

  /// Streams that wait for nothing: what has to happen at a time happens soon, the rest never.
  private func feeds(
    heartbeat: Duration = .seconds(3600), entries: Int = 8_192
  ) -> LiveFeeds {
    var timing = LiveFeed.Timing()
    timing.pace = .milliseconds(1)
    timing.retry = .milliseconds(1)
    timing.heartbeat = heartbeat
    timing.bound.entries = entries
    return LiveFeeds(journal, bell: journal.bell, groups: { EventGroups() }, timing: timing)
  }

  @Test("a stream begins with what comes next, says where that is, and goes on in order")
  func next() async throws {
    let feeds = feeds()
    journal.add(5)
    let listener = try feeds.listen(.events)
    #expect(await listener.words(1) == ["5"])
    journal.add(3)
    #expect(await listener.words(3) == ["event 6", "event 7", "event 8"])
    journal.add()
    let last = await listener.take(1)
    #expect(
      last.first.map { String(decoding: $0.data, as: UTF8.self) }?.contains(#""event":9,"type":"lease.begin""#) == true)
    feeds.close()
    await listener.end()
  }

  @Test("while nobody listens nothing is read and nothing kept")
  func idle() async throws {
    let feeds = feeds()
    journal.add(100)
    #expect(journal.questions == 0)
    do {
      let listener = try feeds.listen(.events)
      #expect(await listener.words(1) == ["100"])
      feeds.close()
      await listener.end()
    }
    let asked = journal.questions
    #expect(asked > 0)
    journal.add(10)
    #expect(journal.questions == asked)
    #expect(feeds.seats.takenCount == 0)
  }

  @Test("a client that comes again gets what it missed, from memory or from the journal, and nothing twice")
  func resuming() async throws {
    // A memory of four: what is older comes from the journal.
    let feeds = feeds(entries: 4)
    journal.add(600)
    for (last, query) in [("1", nil), ("595", nil), ("599", nil), (nil, "1"), (nil, "598")] as [(String?, String?)] {
      let start = Int(last ?? query ?? "") ?? 0
      let listener =
        try query.map { try feeds.listen(.events, ("last_event_id", $0)) } ?? feeds.listen(.events, last: last)
      #expect(await listener.words(1) == ["\(start)"])
      #expect(await listener.words(600 - start) == (start + 1...600).map { "event \($0)" })
    }
    let fromHere = try feeds.listen(.events, ("from", "599"))
    #expect(await fromHere.words(3) == ["598", "event 599", "event 600"])
    // What the client says of itself counts more than the address that it began with.
    let again = try feeds.listen(.events, ("last", "4"), last: "599")
    #expect(await again.words(2) == ["599", "event 600"])
    feeds.close()
  }

  @Test("a stream can begin with the last that its filter takes")
  func last() async throws {
    let feeds = feeds()
    for number in 1...40 { journal.add { $0.event.type = number % 4 == 0 ? "node.update" : "lease.begin" } }
    let all = try feeds.listen(.events, ("last", "3"))
    #expect(await all.words(4) == ["37", "event 38", "event 39", "event 40"])
    let some = try feeds.listen(.events, ("last", "3"), ("type", "node.*"))
    #expect(await some.words(4) == ["31", "event 32", "event 36", "event 40"])
    let more = try feeds.listen(.events, ("last", "1000"), ("type", "node.*"))
    #expect(await more.words(2) == ["0", "event 4"])
    feeds.close()
  }

  @Test("who resumes behind what was deleted is told, and gets what there is")
  func forgotten() async throws {
    let feeds = feeds()
    journal.add(10)
    journal.forget(upTo: 7)
    let listener = try feeds.listen(.events, last: "3")
    // All of it is in memory once the daemon has read it: nothing was missed by who has 7.
    #expect(await listener.words(2) == ["3", "event 8"])
    feeds.close()

    let small = self.feeds(entries: 1)
    let late = try small.listen(.events, last: "3")
    let messages = await late.take(3)
    #expect(messages.map(\.name) == [nil, "reset", "event"])
    #expect(messages.map(\.id) == ["3", "3", "8"])
    #expect(String(decoding: messages[1].data, as: UTF8.self) == #"{"after":3,"oldest":8,"newest":10}"#)
    let well = try small.listen(.events, last: "7")
    #expect(await well.words(2) == ["7", "event 8"])
    small.close()
  }

  @Test("an id that the journal never gave is of another journal: the stream begins with what comes next")
  func foreign() async throws {
    let feeds = feeds()
    journal.add(10)
    let listener = try feeds.listen(.events, last: "5000")
    #expect(await listener.words(2) == ["10", "reset 10"])
    journal.add()
    #expect(await listener.words(1) == ["event 11"])
    feeds.close()
  }

  @Test("runs are told by their changes, each in its latest state")
  func runs() async throws {
    let feeds = feeds()
    journal.change(run: 1, to: .pending)
    let listener = try feeds.listen(.runs)
    #expect(await listener.words(1) == ["1"])
    journal.change(run: 1, to: .running)
    #expect(await listener.words(1) == ["run 2"])
    journal.change(run: 2, to: .running)
    journal.change(run: 1, to: .succeeded)
    // Whether the one before the last was seen depends on when was read; the last always is.
    var seen: [StreamParser.Message] = []
    while seen.last?.id != "4" { seen += await listener.take(1) }
    let latest = String(decoding: seen.last?.data ?? [], as: UTF8.self)
    #expect(latest.contains(#""state":"succeeded""#))
    let again = try feeds.listen(.runs, last: "0")
    var words = await again.words(1)
    while words.last != "run 4" { words += await again.words(1) }
    #expect(words.count == Set(words).count)
    feeds.close()
  }

  @Test("a heartbeat says how far the stream is, also where the filter takes nothing")
  func heartbeats() async throws {
    let feeds = feeds(heartbeat: .milliseconds(5))
    let listener = try feeds.listen(.events, ("type", "nothing.like.this"))
    #expect(await listener.words(2) == ["0", "0"])
    journal.add(3)
    while await listener.words(1) != ["3"] {}
    feeds.close()
    await listener.end()
  }

  @Test("a client that takes nothing delays nobody, and is told when it has fallen out of memory")
  func slow() async throws {
    let feeds = feeds(entries: 4)
    let (slow, quick) = (try feeds.listen(.events), try feeds.listen(.events))
    #expect(await slow.words(1) == ["0"])
    #expect(await quick.words(1) == ["0"])
    slow.gate.shut()
    var waits = slow.gate.waits.makeAsyncIterator()
    journal.add()
    await waits.next()
    for number in 1...20 {
      #expect(await quick.words(1) == ["event \(number)"])
      journal.add()
    }
    slow.gate.open()
    #expect(await slow.words(3) == ["event 1", "behind 1"])
    await slow.end()
    #expect(feeds.standings.map(\.behind) == [1, 0])
    #expect(feeds.standings.map(\.name) == ["events", "runs"])
    let again = try feeds.listen(.events, last: "1")
    #expect(await again.words(21) == ["1"] + (2...21).map { "event \($0)" })
    feeds.close()
  }

  @Test("a journal that cannot be read for a while is waited for")
  func trouble() async throws {
    let feeds = feeds()
    journal.add(2)
    journal.state.withLock { $0.failure = .busy(waiting: 64) }
    let listener = try feeds.listen(.events, last: "1")
    let asked = journal.questions
    while journal.questions < asked + 3 { await Task.yield() }
    journal.state.withLock { $0.failure = nil }
    #expect(await listener.words(2) == ["1", "event 2"])
    journal.state.withLock { $0.failure = .busy(waiting: 64) }
    journal.add(2)
    journal.state.withLock { $0.failure = nil }
    #expect(await listener.words(2) == ["event 3", "event 4"])
    feeds.close()
  }

  @Test("there are so many streams and no more; a place is free when its stream has ended")
  func seats() async throws {
    let feeds = feeds()
    var streams: [EventStream] = []
    for index in 0..<WebServer.Limit.streams {
      streams.append(try feeds.open(index % 2 == 0 ? .events : .runs, RequestParameters(), last: nil))
    }
    let problem = #expect(throws: Problem.self) { try feeds.open(.events, RequestParameters(), last: nil) }
    #expect(problem?.kind == .busy)
    streams.removeLast()
    #expect(throws: Never.self) { try feeds.open(.runs, RequestParameters(), last: nil) }
    streams = []
    #expect(feeds.seats.takenCount == 0)
    feeds.close()
  }

  @Test("events that come after a reload have the groups that hold then")
  func reload() async throws {
    let current = Mutex(EventGroups())
    var timing = LiveFeed.Timing()
    timing.pace = .milliseconds(1)
    let feeds = LiveFeeds(
      journal, bell: journal.bell, groups: { current.withLock { $0 } }, timing: timing)
    let listener = try feeds.listen(.events, ("group", "power"))
    #expect(await listener.words(1) == ["0"])
    let all = try feeds.listen(.events)
    #expect(await all.words(1) == ["0"])
    journal.add()
    #expect(await all.words(1) == ["event 1"])
    current.withLock {
      $0 = EventGroups([EventGroup(name: "power", level: .critical, patterns: [EventPattern("lease.*")])])
    }
    journal.add()
    #expect(await listener.words(1) == ["event 2"])
    feeds.close()
  }

  @Test("positions that exclude each other or say nothing are refused")
  func refusals() {
    let feeds = feeds()
    for (items, header) in [
      ([("from", "1"), ("last", "5")], nil), ([("last", "1001")], nil), ([("last", "0")], nil), ([("from", "-1")], nil),
      ([], "abc"), ([], "-3"),
    ] as [([(String, String)], String?)] {
      let parameters = RequestParameters(items.map { .init($0.0, $0.1) })
      let problem = #expect(throws: Problem.self) { try feeds.open(.events, parameters, last: header) }
      #expect(problem?.kind == .invalid)
    }
    #expect(throws: Never.self) { try feeds.open(.events, RequestParameters(), last: "") }
    #expect(feeds.seats.takenCount == 0)
  }
}
