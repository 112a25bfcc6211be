// SPDX-License-Identifier: Apache-2.0

package import Events
package import Journal
import NIOCore
import Synchronization

/// How things stand with one of the streams.
package struct StreamStanding: Sendable {
  /// events or runs.
  package var name: String
  package var clients: Int
  /// Clients that were told that they are too slow, since the start.
  package var behind: Int

  package init(name: String, clients: Int, behind: Int) {
    self.name = name
    self.clients = clients
    self.behind = behind
  }
}

/// The streams of a daemon: of events, and of runs.
package final class LiveFeeds: Sendable {
  let events: LiveFeed
  let runs: LiveFeed
  let seats = StreamSeats(WebServer.Limit.streams)

  /// Follows a journal, which is read only while somebody listens; `bell` tells of each commit, `groups` says which
  /// groups hold now.
  ///
  /// The journal should be a reader of its own: nothing of what happens may have to wait for a long question.
  package convenience init(
    _ journal: any JournalFollowing, bell: CommitBell, groups: @escaping @Sendable () -> EventGroups
  ) {
    self.init(journal, bell: bell, groups: groups, timing: LiveFeed.Timing())
  }

  init(
    _ journal: any JournalFollowing, bell: CommitBell, groups: @escaping @Sendable () -> EventGroups,
    timing: LiveFeed.Timing
  ) {
    events = LiveFeed(StreamSource(kind: .events, journal: journal, groups: groups), bell: bell, timing: timing)
    runs = LiveFeed(StreamSource(kind: .runs, journal: journal, groups: groups), bell: bell, timing: timing)
  }

  /// Opens a stream as a request asks for it.
  ///
  /// `last` is the id that a client says which was cut off: it counts more than the parameters, which are those of its
  /// first request.
  func open(_ kind: StreamKind, _ parameters: RequestParameters, last: String?) throws(Problem) -> EventStream {
    let filter = try StreamFilter(parameters, of: kind)
    let start = try EventStream.Start(parameters, last: last)
    let feed = kind == .events ? events : runs
    guard let seat = seats.take(in: feed) else {
      var problem = Problem(
        .busy, "\(seats.count) streams are open, which is as many as there may be; end others, or try again later")
      problem.retryAfter = 15
      throw problem
    }
    return EventStream(feed: feed, filter: filter, start: start, seat: seat)
  }

  /// Names the loop that writes to the clients.
  func use(_ loop: any EventLoop) {
    events.use(loop)
    runs.use(loop)
  }

  package var standings: [StreamStanding] {
    [events, runs].map { feed in
      let standing = feed.standing
      return StreamStanding(name: feed.source.kind.rawValue, clients: standing.clients, behind: standing.behind)
    }
  }

  /// Ends every stream at once.
  func close() {
    events.close()
    runs.close()
  }
}

extension EventStream.Start {
  init(_ parameters: RequestParameters, last header: String?) throws(Problem) {
    let from = try parameters.number("from")
    let last = try parameters.number("last", in: 1...1_000)
    let resumed = try parameters.number("last_event_id")
    guard [from, last, resumed].filter({ $0 != nil }).count <= 1 else {
      throw Problem(.invalid, "from, last and last_event_id exclude each other; give one of them", field: "from")
    }
    if let header, !header.isEmpty {
      guard let id = Int64(header), id >= 0 else {
        throw Problem.invalid("Last-Event-ID", header, expected: "the id of a message of this stream, a whole number")
      }
      self = .after(id)
    } else if let id = resumed {
      self = .after(id)
    } else if let from {
      self = .after(max(0, from - 1))
    } else if let last {
      self = .last(Int(last))
    } else {
      self = .next
    }
  }
}

/// The places of all streams: as many as there may be at once.
final class StreamSeats: Sendable {
  let count: Int
  private let taken = Mutex(0)

  init(_ count: Int) { self.count = count }

  /// Nil when all are taken.
  func take(in feed: LiveFeed) -> StreamSeat? {
    let isFree = taken.withLock { taken in
      guard taken < count else { return false }
      taken += 1
      return true
    }
    return isFree ? StreamSeat(feed) { [self] in taken.withLock { $0 -= 1 } } : nil
  }

  var takenCount: Int { taken.withLock { $0 } }
}

/// A stream's place, given back when nobody holds it any more: a request may end before its stream has begun.
final class StreamSeat: Sendable {
  private let feed: LiveFeed
  private let giveBack: @Sendable () -> Void

  init(_ feed: LiveFeed, giveBack: @escaping @Sendable () -> Void) {
    self.feed = feed
    self.giveBack = giveBack
    feed.join()
  }

  deinit {
    feed.leave()
    giveBack()
  }
}
