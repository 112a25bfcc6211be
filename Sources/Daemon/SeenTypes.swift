// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import Synchronization

/// Counts the types of events that came since they were last stored.
final class SeenTypes: Sendable {
  /// Senders choose types: further ones are counted under no name.
  static let limit = 10_000
  /// Bytes of a sample.
  static let sampleLimit = 64 << 10

  private struct Entry {
    var seen: Int64 = 0
    var matched: Int64 = 0
    var first: Int64
    var last: Int64
    var envelope: Envelope
    var sample: [UInt8]
  }

  private let entries = Mutex<[String: Entry]>([:])

  func count(_ type: String, _ event: Event, isMatched: Bool) {
    let received = event.envelope.received
    entries.withLock { entries in
      if entries[type] == nil {
        guard entries.count < Self.limit else { return }
        let body = event.body
        entries[type] = Entry(
          first: received, last: received, envelope: event.envelope, sample: body.count <= Self.sampleLimit ? body : [])
      }
      entries[type]?.seen += 1
      if isMatched { entries[type]?.matched += 1 }
      entries[type]?.last = received
    }
  }

  /// Takes what was counted; it begins anew.
  func take() -> [TypeCount] {
    let taken = entries.withLock { entries in
      defer { entries = [:] }
      return entries
    }
    return taken.map { name, entry in
      TypeCount(
        name: name, seen: entry.seen, matched: entry.matched, first: entry.first, last: entry.last,
        source: entry.envelope.source, envelope: entry.envelope.storedJSON, sample: entry.sample)
    }
  }
}
