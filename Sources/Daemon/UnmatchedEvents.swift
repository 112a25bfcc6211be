// SPDX-License-Identifier: Apache-2.0

import DequeModule
import Events
import Synchronization
import WebAPI

/// The last events that matched no action, so that "why did nothing happen?" has an answer.
final class UnmatchedEvents: Sendable {
  static let limit = 1_000
  /// Bytes of bodies, all together.
  static let byteLimit = 8 << 20

  private struct Kept {
    var number: UInt64
    var type: String
    var envelope: Envelope
    var body: [UInt8]
  }

  private struct State {
    var events: Deque<Kept> = []
    var bytes = 0
    var last: UInt64 = 0
  }

  private let state = Mutex(State())

  func add(type: String, _ envelope: Envelope, body: [UInt8]) {
    state.withLock { state in
      state.last += 1
      guard body.count <= Self.byteLimit / 8 else { return }
      state.events.append(Kept(number: state.last, type: type, envelope: envelope, body: body))
      state.bytes += body.count
      while state.events.count > Self.limit || state.bytes > Self.byteLimit, let oldest = state.events.popFirst() {
        state.bytes -= oldest.body.count
      }
    }
  }

  /// The last ones, newest first.
  func newest(_ limit: Int) -> [UnmatchedEvent] {
    state.withLock { $0.events.suffix(max(0, limit)) }.reversed().map { kept in
      UnmatchedEvent(
        number: kept.number, source: kept.envelope.source, type: kept.type, received: kept.envelope.received,
        envelope: kept.envelope.storedJSON, body: kept.body)
    }
  }
}
