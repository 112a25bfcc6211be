// SPDX-License-Identifier: Apache-2.0

import Journal
import NIOCore

/// One client's stream, from its beginning until the client, the daemon or its slowness ends it.
struct EventStream: Sendable {
  /// Where a stream begins.
  enum Start: Sendable, Equatable {
    /// With what comes next.
    case next
    /// Behind an id.
    case after(Int64)
    /// With the last so many that the filter takes, of what is in memory.
    case last(Int)
  }

  // The library's writers write where they like.
  typealias Write = @concurrent (ByteBuffer) async throws -> Void

  let feed: LiveFeed
  let filter: StreamFilter
  let start: Start
  /// Held as long as the stream lives.
  let seat: StreamSeat

  /// Returns when the stream has come to its end.
  ///
  /// - Throws: What writing throws when the client is gone.
  @concurrent
  func run(_ write: Write) async throws {
    guard var cursor = try await begin(write) else { return }
    var heartbeats = Heartbeats()
    while true {
      switch feed.look(from: &cursor) {
      case .need(.page(let page), _):
        if let text = gather(page, &cursor) { try await write(text) }
      case .need(.journal(let floor), let moment):
        guard let (page, isLast) = await feed.page(after: cursor.id) else {
          await feed.wait(since: moment)
          continue
        }
        if let text = page.text(after: cursor.id, filter) { try await write(text) }
        cursor.pass(page, isLast: isLast, floor: floor)
        // A filter may leave much out.
        if heartbeats.isDue(moment) { try await write(StreamMessage.heartbeat(at: cursor.id)) }
      case .need(.nothing, let moment):
        if heartbeats.isDue(moment) { try await write(StreamMessage.heartbeat(at: cursor.id)) }
        await feed.wait(since: moment)
      case .need(.behind, _):
        feed.countBehind()
        return try await write(StreamMessage.behind(at: cursor.id))
      case .notYet(let moment): await feed.wait(since: moment)
      case .closed: return
      }
    }
  }

  private struct Heartbeats {
    private var seen: UInt64?

    /// Whether there was one since the last look.
    mutating func isDue(_ moment: LiveFeed.Moment) -> Bool {
      defer { seen = moment.heartbeats }
      return seen.map { $0 != moment.heartbeats } ?? false
    }
  }

  /// What is in memory for the client, from a page on: more than that page where it could not be served in between.
  private func gather(_ first: StreamPage, _ cursor: inout StreamCursor) -> ByteBuffer? {
    var text = first.text(after: cursor.id, filter)
    cursor.pass(first)
    while text?.readableBytes ?? 0 < Self.mostAtOnce, case .need(.page(let page), _) = feed.look(from: &cursor) {
      if let more = page.text(after: cursor.id, filter) {
        if text?.writeImmutableBuffer(more) == nil { text = more }
      }
      cursor.pass(page)
    }
    return text
  }

  /// Bytes of one write, about: what a page has more than that is the page's.
  private static let mostAtOnce = 32 << 10

  /// Tells the client where the stream begins, and what it has missed for good; nil when the daemon stops.
  @concurrent
  private func begin(_ write: Write) async throws -> StreamCursor? {
    let known = await feed.withRing { ring in
      switch start {
      case .next: (id: ring.head, isInMemory: true)
      case .last(let count): (id: ring.start(ofLast: count, filter), isInMemory: true)
      case .after(let id): (id: id, isInMemory: (ring.floor...ring.head).contains(id))
      }
    }
    guard let known else { return nil }
    guard !known.isInMemory, let reach = await reach() else {
      try await write(StreamMessage.beginning(at: known.id))
      return StreamCursor(after: known.id)
    }
    // What the journal never gave is of another one, or was lost with the power before it was on the disk.
    let isForeign = known.id > reach.newest
    let id = isForeign ? reach.newest : known.id
    try await write(StreamMessage.beginning(at: id))
    if isForeign || id < reach.forgotten {
      try await write(StreamMessage.reset(at: id, oldest: reach.oldest, newest: reach.newest))
    }
    return StreamCursor(after: id)
  }

  /// How far the journal reaches; nil when the daemon stops before that can be known.
  private func reach() async -> JournalExtent.Reach? {
    while true {
      do throws(JournalError) {
        return try await feed.source.reach()
      } catch {
        guard case .need(_, let moment) = look() else { return nil }
        await feed.wait(since: moment)
      }
    }
  }

  private func look() -> LiveFeed.Look {
    var cursor = StreamCursor(after: 0)
    return feed.look(from: &cursor)
  }
}
