// SPDX-License-Identifier: Apache-2.0

import DequeModule
import Events
import Synchronization
import WebAPI

/// The last events that matched no action, so that "why did nothing happen?" has an answer.
///
/// Discarding is the hot path: once it is full, what comes takes the place and the memory of what goes, and nothing is
/// allocated.
final class UnmatchedEvents: Sendable {
  static let limit = 1_000
  /// Bytes of bodies, all together.
  static let byteLimit = 8 << 20

  private struct Kept {
    var number: UInt64 = 0
    var type = ""
    var envelope = Envelope(source: "")
    var body: [UInt8] = []
  }

  /// A place for an event; a class, so that places can be handed round without touching what is in them.
  private final class Place: @unchecked Sendable {
    // Reached through the mutex only.
    var kept = Kept()

    /// Keeps its memory for a body that fills at least half of it: so no more than twice `byteLimit` is taken.
    func take(_ body: UnsafeRawBufferPointer) {
      if kept.body.capacity < body.count || kept.body.capacity / 2 > body.count {
        kept.body = Array(body)
      } else {
        kept.body.removeAll(keepingCapacity: true)
        kept.body.append(contentsOf: body)
      }
    }
  }

  private struct State {
    /// The oldest first.
    var places: Deque<Place> = []
    var bytes = 0
    var last: UInt64 = 0

    mutating func removeOldest() -> Place? {
      guard let oldest = places.popFirst() else { return nil }
      bytes -= oldest.kept.body.count
      return oldest
    }
  }

  private let state = Mutex(State())

  func add(type: String, _ envelope: Envelope, body: UnsafeRawBufferPointer) {
    state.withLock { state in
      state.last += 1
      guard body.count <= Self.byteLimit / 8 else { return }
      let place = (state.places.count < Self.limit ? nil : state.removeOldest()) ?? Place()
      place.kept.number = state.last
      place.kept.type = type
      place.kept.envelope = envelope
      place.take(body)
      state.places.append(place)
      state.bytes += body.count
      while state.bytes > Self.byteLimit, state.removeOldest() != nil {}
    }
  }

  /// The last ones, newest first.
  func newest(_ limit: Int) -> [UnmatchedEvent] {
    state.withLock { $0.places.suffix(max(0, limit)).map(\.kept) }.reversed().map { kept in
      UnmatchedEvent(
        number: kept.number, source: kept.envelope.source, type: kept.type, received: kept.envelope.received,
        envelope: kept.envelope.storedJSON, body: kept.body)
    }
  }
}
