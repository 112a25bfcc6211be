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

  /// A class, so that counting changes it where it is.
  private final class Entry: @unchecked Sendable {
    // Reached through the mutex only, and by its taker afterwards.
    var seen: Int64 = 0
    var matched: Int64 = 0
    let first: Int64
    var last: Int64
    let envelope: Envelope
    let sample: [UInt8]

    init(received: Int64, envelope: Envelope, sample: [UInt8]) {
      first = received
      last = received
      self.envelope = envelope
      self.sample = sample
    }
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var bytes = 0
  }

  private let state = Mutex(State())

  /// Counts an event; one whose type was counted before allocates nothing.
  func count(_ type: String, _ event: Event, isMatched: Bool) {
    state.withLock { state in
      guard let entry = state.entries[type] ?? Self.add(type, event, to: &state) else { return }
      entry.seen += 1
      if isMatched { entry.matched += 1 }
      entry.last = event.received
    }
  }

  private static func add(_ type: String, _ event: Event, to state: inout State) -> Entry? {
    guard state.entries.count < limit else { return nil }
    let body = event.body
    let isKept = body.count <= min(sampleLimit, byteLimit - state.bytes)
    if isKept { state.bytes += body.count }
    let entry = Entry(received: event.received, envelope: event.envelope, sample: isKept ? body : [])
    state.entries[type] = entry
    return entry
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
