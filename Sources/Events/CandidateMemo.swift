// SPDX-License-Identifier: Apache-2.0

/// Remembers what the index answered, by type and source: a busy daemon sees few types, again and again.
///
/// Direct-mapped: each type has one place, and the latest stays. A hit allocates nothing. Senders choose types, so
/// the memory is bounded: places, length of a type, and the total of remembered actions.
struct CandidateMemo {
  /// A class, so that looking at one counts one reference.
  private final class Entry: Sendable {
    let hash: UInt64
    let type: [UInt8]
    let source: String
    let candidates: EventIndex.Candidates

    init(hash: UInt64, type: [UInt8], source: String, candidates: EventIndex.Candidates) {
      self.hash = hash
      self.type = type
      self.source = source
      self.candidates = candidates
    }

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
    if let entry = entries[place], entry.hash == hash, entry.type.equals(type), entry.source == source {
      return entry.candidates
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
