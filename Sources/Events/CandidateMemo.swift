// SPDX-License-Identifier: Apache-2.0

/// Remembers what the index answered, by type and source: a busy daemon sees few types, again and again.
///
/// Direct-mapped: each type has one place, and the latest stays. A hit allocates nothing. Senders choose types, so
/// the memory is bounded: places, length of a type, and the total of remembered actions.
struct CandidateMemo {
  private struct Entry {
    var hash: UInt64
    var type: [UInt8]
    var source: String
    var candidates: EventIndex.Candidates

    var size: Int { candidates.byPattern.count + candidates.fallbacks.count }
  }

  static let places = 1024
  static let longestType = EventDecoder.longestType
  /// The total of remembered actions: 1 MiB.
  static let largestSize = 262_144

  private var entries: [Entry?] = Array(repeating: nil, count: places)
  private var size = 0

  /// The candidates of a type, asked for only where they are not remembered.
  ///
  /// The source's name is an empty text where no action is tied to sources.
  mutating func candidates(
    _ type: UnsafeBufferPointer<UInt8>, source: String, otherwise find: () -> EventIndex.Candidates
  ) -> EventIndex.Candidates {
    guard type.count <= Self.longestType else { return find() }
    var hash = ByteTable.hash(type)
    if !source.isEmpty {
      var source = source
      hash ^= source.withUTF8 { ByteTable.hash($0) } &* 3
    }
    let place = Int(truncatingIfNeeded: hash) & (Self.places - 1)
    // Each part by itself: taking out the whole entry would count the references that it holds.
    if entries[place]?.hash == hash, entries[place]?.type.equals(type) == true, entries[place]?.source == source,
      let candidates = entries[place]?.candidates
    {
      return candidates
    }
    let found = find()
    remember(Entry(hash: hash, type: Array(type), source: source, candidates: found), at: place)
    return found
  }

  private mutating func remember(_ entry: Entry, at place: Int) {
    guard entry.size <= Self.largestSize else { return }
    size -= entries[place]?.size ?? 0
    if size + entry.size > Self.largestSize {
      entries = Array(repeating: nil, count: Self.places)
      size = 0
    }
    size += entry.size
    entries[place] = entry
  }
}
