// SPDX-License-Identifier: Apache-2.0

/// How far a client of a stream is, and what it needs next.
///
/// Pure, and all that is kept of a client: it has no queue of its own.
struct StreamCursor: Sendable, Equatable {
  /// Everything up to this id was sent, or left out by the filter.
  private(set) var id: Int64
  /// Whether it was served from memory once: from then on falling out of it means that the client is too slow.
  private(set) var hasJoined = false

  init(after id: Int64) { self.id = id }

  enum Need {
    /// Messages that are in memory.
    case page(StreamPage)
    /// Those behind the id have to be read from the journal; the floor of the memory at this time goes with the answer.
    case journal(floor: Int64)
    /// Nothing is there that it has not seen.
    case nothing
    /// The client is so slow that what it needs has left the memory.
    case behind
  }

  mutating func need(from ring: StreamRing) -> Need {
    guard id >= ring.floor else { return hasJoined ? .behind : .journal(floor: ring.floor) }
    hasJoined = true
    return ring.page(after: id).map(Need.page) ?? .nothing
  }

  /// Goes behind a page that was in memory.
  mutating func pass(_ page: StreamPage) { id = max(id, page.lastID ?? id) }

  /// Goes behind a page that was read from the journal because of `need`.
  ///
  /// Where it was the last, all that is at or below the floor was in it: it had been committed before it was read.
  mutating func pass(_ page: StreamPage, isLast: Bool, floor: Int64) {
    pass(page)
    if isLast { id = max(id, floor) }
  }
}
