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
  /// Bytes of all samples: further types are counted without one.
  static let byteLimit = 4 << 20

  private struct Entry {
    var seen: Int64 = 0
    var matched: Int64 = 0
    var first: Int64
    var last: Int64
    var envelope: Envelope
    var sample: [UInt8]
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var bytes = 0
  }

  private let state = Mutex(State())

  func count(_ type: String, _ event: Event, isMatched: Bool) {
    let received = event.envelope.received
    state.withLock { state in
      if state.entries[type] == nil {
        guard state.entries.count < Self.limit else { return }
        let body = event.body
        let isKept = body.count <= min(Self.sampleLimit, Self.byteLimit - state.bytes)
        if isKept { state.bytes += body.count }
        state.entries[type] = Entry(
          first: received, last: received, envelope: event.envelope, sample: isKept ? body : [])
      }
      state.entries[type]?.seen += 1
      if isMatched { state.entries[type]?.matched += 1 }
      state.entries[type]?.last = received
    }
  }

  /// Takes what was counted; it begins anew.
  func take() -> [TypeCount] {
    let taken = state.withLock { state in
      defer { state = State() }
      return state.entries
    }
    return taken.map { name, entry in
      TypeCount(
        name: name, seen: entry.seen, matched: entry.matched, first: entry.first, last: entry.last,
        source: entry.envelope.source, envelope: entry.envelope.storedJSON, sample: entry.sample)
    }
  }
}
