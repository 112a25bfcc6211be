// SPDX-License-Identifier: Apache-2.0

import Events
import NIOCore
import Testing

@testable import Journal
@testable import WebAPI

/// How a client gets from the journal into memory: whatever happens in whatever order, it gets everything once.
@Suite struct StreamJoiningTests {
  /// What may happen next, to anybody.
  enum Step: CaseIterable {
    case commit, commitThree, feedReads, clientLooks, clientReads
  }

  /// A journal, the memory that follows it, and one client: all of it values, so that every order can be tried.
  struct World {
    var journal: [Int64] = []
    var ring: StreamRing
    var cursor: StreamCursor
    /// The client knows that it has to read the journal, and what the floor was when it learned that.
    var pendingFloor: Int64?
    var received: [Int64] = []
    var isBehind = false
    let start: Int64

    init(stored: Int64, start: Int64, bound: Int) {
      journal = Array(1...stored)
      self.start = start
      cursor = StreamCursor(after: start)
      ring = StreamRing(floor: max(0, stored - Int64(bound)), .init(entries: bound, bytes: .max))
      while ring.head < stored { feedReads() }
    }

    static let pageSize = 2

    func page(after id: Int64) -> StreamPage {
      var page = StreamPage()
      for id in journal.filter({ $0 > id }).prefix(Self.pageSize) { page.append(id, .events, [], Self.facts) }
      return page
    }

    /// The same for all, so that a great many orders can be tried.
    private static let facts = StreamFacts(RecordedJournal.run(1))

    mutating func feedReads() { ring.append(page(after: ring.head)) }

    mutating func receive(_ page: StreamPage) throws {
      var parser = StreamParser()
      guard let text = page.text(after: cursor.id, StreamFilter()) else { return }
      try parser.take(text.readableBytesView) { message in
        if let id = message.id.flatMap(Int64.init) { received.append(id) }
      }
    }

    mutating func take(_ step: Step) throws {
      switch step {
      case .commit: journal.append((journal.last ?? 0) + 1)
      case .commitThree: for _ in 0..<3 { journal.append((journal.last ?? 0) + 1) }
      case .feedReads: feedReads()
      case .clientLooks:
        guard pendingFloor == nil, !isBehind else { return }
        switch cursor.need(from: ring) {
        case .page(let page):
          try receive(page)
          cursor.pass(page)
        case .journal(let floor): pendingFloor = floor
        case .nothing: break
        case .behind: isBehind = true
        }
      case .clientReads:
        guard let floor = pendingFloor else { return }
        pendingFloor = nil
        let page = page(after: cursor.id)
        try receive(page)
        cursor.pass(page, isLast: page.count < Self.pageSize, floor: floor)
      }
    }

    /// Everything from its start on up to where it is, once and in order.
    var isRight: Bool { received == journal.filter { $0 > start && $0 <= cursor.id } }
  }

  @Test("in every order of commits, readings and looks a client gets each message once", arguments: [1, 2, 4])
  func everyOrder(bound: Int) throws {
    var worlds = 0
    for start: Int64 in [0, 1, 3, 5] {
      var open = [(World(stored: 5, start: start, bound: bound), 0)]
      while let (world, depth) = open.popLast() {
        worlds += 1
        guard world.isRight else {
          Issue.record("from \(start), bound \(bound): \(world.received) of \(world.journal), at \(world.cursor.id)")
          return
        }
        guard depth < 5 else {
          // Left alone, it gets all the rest, unless it was told that it is behind.
          var rest = world
          for _ in 0..<12 { for step in [Step.feedReads, .clientLooks, .clientReads] { try rest.take(step) } }
          guard rest.isRight, rest.isBehind || rest.cursor.id == rest.journal.last else {
            Issue.record("it stops at \(rest.cursor.id) of \(rest.journal), floor \(rest.ring.floor)")
            return
          }
          continue
        }
        for step in Step.allCases {
          var next = world
          try next.take(step)
          open.append((next, depth + 1))
        }
      }
    }
    #expect(worlds > 15_000)
  }

  @Test("a client falls behind only where it was served from memory before, and goes on by its id")
  func behind() throws {
    var world = World(stored: 5, start: 5, bound: 2)
    try world.take(.clientLooks)
    for _ in 0..<3 {
      try world.take(.commitThree)
      for _ in 0..<2 { try world.take(.feedReads) }
    }
    try world.take(.clientLooks)
    #expect(world.isBehind)
    var again = world
    (again.cursor, again.isBehind) = (StreamCursor(after: world.cursor.id), false)
    for _ in 0..<20 { for step in [Step.clientLooks, .clientReads] { try again.take(step) } }
    #expect(!again.isBehind && again.isRight)
    #expect(again.received == Array(6...14))
  }

  @Test("runs that change between two readings are told again, in the state of that time")
  func changes() {
    var ring = StreamRing(floor: 0)
    func page(_ changes: [(run: Int64, change: Int64)]) -> StreamPage {
      StreamPage(
        changes.map { entry in
          var run = RecordedJournal.run(entry.run)
          run.change = entry.change
          return run
        })
    }
    ring.append(page([(1, 3), (2, 5)]))
    var cursor = StreamCursor(after: 3)
    guard case .page(let first) = cursor.need(from: ring) else { return #expect(Bool(false), "nothing is new") }
    cursor.pass(first)
    // What a client read from the journal may be ahead of memory: nothing of it comes twice.
    var ahead = StreamCursor(after: 0)
    ahead.pass(page([(2, 5), (1, 9)]), isLast: true, floor: 0)
    ring.append(page([(1, 9), (3, 12)]))
    #expect(cursor.id == 5)
    guard case .page(let second) = ahead.need(from: ring) else { return #expect(Bool(false), "nothing is new") }
    #expect(second.text(after: ahead.id, StreamFilter())?.readableBytes ?? 0 < 400)
    ahead.pass(second)
    guard case .nothing = ahead.need(from: ring) else { return #expect(Bool(false), "something comes twice") }
  }

  @Test("memory is bounded by entries and by bytes; the floor rises with what leaves it")
  func bounds() {
    func page(_ ids: ClosedRange<Int64>) -> StreamPage {
      StreamPage(ids.map { EventNews(RecordedJournal.event($0), actions: []) }, .init())
    }
    var ring = StreamRing(floor: 0, .init(entries: 10, bytes: .max))
    ring.append(page(1...6))
    ring.append(page(7...10))
    #expect((ring.floor, ring.head) == (0, 10))
    ring.append(page(11...11))
    #expect((ring.floor, ring.head) == (6, 11))
    ring.append(page(5...9))
    #expect(ring.head == 11)
    var small = StreamRing(floor: 0, .init(entries: 1_000, bytes: 3_000))
    for id: Int64 in 1...100 { small.append(page(id...id)) }
    #expect(small.head == 100)
    #expect((90...98).contains(small.floor))
    small.reach(120)
    #expect(small.head == 120)
    #expect(ring.start(ofLast: 2, StreamFilter()) == 9)
    #expect(ring.start(ofLast: 500, StreamFilter()) == 6)
  }
}
