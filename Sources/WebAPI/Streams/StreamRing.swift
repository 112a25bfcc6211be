// SPDX-License-Identifier: Apache-2.0

/// The newest messages of a stream: all there are above `floor` and up to `head`, without a gap.
///
/// Pure. Whoever is at or above the floor needs nothing else; whoever is below reads the journal until it is.
struct StreamRing: Sendable {
  struct Bound: Sendable {
    var entries = 8_192
    var bytes = 8 << 20
  }

  private let bound: Bound
  private var pages: [StreamPage] = []
  private var entries = 0
  private var bytes = 0
  private(set) var floor: Int64
  private(set) var head: Int64

  /// Begins with nothing, behind an id of which all that is at or below it may be older than what is kept.
  init(floor: Int64, _ bound: Bound = Bound()) {
    self.bound = bound
    self.floor = floor
    head = floor
  }

  /// Adds the messages that follow the head, and drops the oldest that are too many; the last page stays in any case.
  mutating func append(_ page: StreamPage) {
    guard let last = page.lastID, last > head else { return }
    head = last
    pages.append(page)
    entries += page.count
    bytes += page.size
    var dropped = 0
    while dropped < pages.count - 1, entries > bound.entries || bytes > bound.bytes {
      entries -= pages[dropped].count
      bytes -= pages[dropped].size
      floor = pages[dropped].lastID ?? floor
      dropped += 1
    }
    pages.removeFirst(dropped)
  }

  /// Notes that there is nothing between the head and an id.
  mutating func reach(_ id: Int64) { head = max(head, id) }

  /// The first page with something behind an id that is not below the floor; nil where there is none.
  func page(after id: Int64) -> StreamPage? {
    // Nearly everybody is at the last page.
    var (low, high) = (0, pages.count)
    while low < high {
      let middle = (low + high) / 2
      if pages[middle].lastID ?? 0 > id { high = middle } else { low = middle + 1 }
    }
    return low < pages.count ? pages[low] : nil
  }

  /// The id behind which the last so many messages stand that a filter takes; the floor where there are fewer.
  func start(ofLast count: Int, _ filter: StreamFilter) -> Int64 {
    var (start, rest) = (floor, count)
    for page in pages.reversed() where rest > 0 {
      page.forEachIDFromLast(filter) { id in
        rest -= 1
        if rest == 0 { start = id - 1 }
        return rest == 0
      }
    }
    return start
  }
}
