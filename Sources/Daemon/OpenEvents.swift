// SPDX-License-Identifier: Apache-2.0

import Events

/// The events whose runs have not all ended, and the deliveries that wait for them.
///
/// A redelivery of an open event joins it; one of an event that ended a short while ago is a duplicate.
struct OpenEvents {
  /// How many ended events are remembered.
  static let remembered = 65_536

  struct OpenEvent {
    var identity: EventIdentity?
    /// Every delivery of it so far; those of a lost connection are dropped by the source when settled.
    var receipts: [Receipt]
    /// The runs that have not ended, in the order of the files.
    var runs: [UInt64]
    /// Whether one of its runs has started: then its others are finished too before the daemon stops.
    var hasStarted = false
    /// Whether a run was cut off by the stop of the daemon: then the event is given back.
    var isInterrupted = false
  }

  enum Admission: Equatable {
    /// The event is new and has this number.
    case new(UInt64)
    /// The event of this number is still going on: the delivery is settled with it.
    case joined(UInt64)
    /// The event of this number has ended.
    case ended(UInt64)
  }

  private var events: [UInt64: OpenEvent] = [:]
  private var numbers: [EventIdentity: UInt64] = [:]
  private var ended = RecentIdentities(limit: remembered)
  private var lastNumber: UInt64 = 0

  var isEmpty: Bool { events.isEmpty }
  var all: [UInt64: OpenEvent] { events }

  mutating func admit(_ identity: EventIdentity?, _ receipt: Receipt) -> Admission {
    if let identity {
      if let number = numbers[identity] {
        events[number]?.receipts.append(receipt)
        return .joined(number)
      }
      if let number = ended[identity] { return .ended(number) }
    }
    lastNumber += 1
    events[lastNumber] = OpenEvent(identity: identity, receipts: [receipt], runs: [])
    if let identity { numbers[identity] = lastNumber }
    return .new(lastNumber)
  }

  mutating func setRuns(_ runs: [UInt64], of number: UInt64) {
    events[number]?.runs = runs
  }

  mutating func markStarted(_ number: UInt64) {
    events[number]?.hasStarted = true
  }

  mutating func markInterrupted(_ number: UInt64) {
    events[number]?.isInterrupted = true
  }

  /// Takes out one ended run; returns the event once it was the last one.
  mutating func end(_ run: UInt64, of number: UInt64) -> OpenEvent? {
    events[number]?.runs.removeAll { $0 == run }
    guard let event = events[number], event.runs.isEmpty else { return nil }
    return close(number)
  }

  /// Closes an event; unless it is given back, its identity is remembered.
  mutating func close(_ number: UInt64) -> OpenEvent? {
    guard let event = events.removeValue(forKey: number) else { return nil }
    if let identity = event.identity {
      numbers[identity] = nil
      if !event.isInterrupted { ended.insert(identity, number: number) }
    }
    return event
  }
}
