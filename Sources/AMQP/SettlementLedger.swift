// SPDX-License-Identifier: Apache-2.0

/// What the broker is to be told next about deliveries.
enum SettlementFrame: Sendable, Equatable {
  /// basic.ack, of this delivery or also of all before it.
  case acknowledge(UInt64, multiple: Bool)
  /// basic.nack with requeue.
  case requeue(UInt64)
  /// basic.reject without requeue.
  case reject(UInt64)
}

/// Keeps account of the deliveries of one channel: which are open, and what is still to be said about the others.
///
/// An acknowledgement of *multiple* deliveries is used only where every delivery up to it is finished and accepted, so it
/// never covers one whose work still goes on. Everything is told once; unknown numbers and second settlements are
/// ignored, since the broker closes a channel for them.
struct SettlementLedger: Sendable {
  private enum State: UInt8 {
    case open, accepted, returned, refused
    /// The broker has been told.
    case told
  }

  private struct Entry {
    var number: UInt64
    /// Bytes that the receiver holds for it.
    var bytes = 0
    var state = State.open
  }

  /// In the order of the channel, from `head` on; what is before it is finished.
  private var entries: [Entry] = []
  private var head = 0
  /// Settled since the last flush.
  private var unsaid: [UInt64] = []

  /// Deliveries that were taken and not settled.
  private(set) var openCount = 0
  /// Bytes that the receiver holds for these.
  private(set) var openBytes = 0

  /// Deliveries that were settled, and the broker not told.
  var unsaidCount: Int { unsaid.count }

  /// Enters a delivery.
  ///
  /// - Parameter number: The broker's delivery tag; counts up within a channel.
  /// - Returns: False for a number that is not above all before it, which no broker sends.
  mutating func take(_ number: UInt64) -> Bool {
    if let last = entries.last, number <= last.number { return false }
    guard number > 0 else { return false }
    entries.append(Entry(number: number))
    openCount += 1
    return true
  }

  /// Notes what an open delivery costs until it is settled; one that is settled already costs nothing.
  ///
  /// - Parameters:
  ///   - number: The broker's delivery tag.
  ///   - bytes: Bytes that the receiver holds.
  mutating func keep(_ number: UInt64, bytes: Int) {
    guard let index = index(of: number), entries[index].state == .open else { return }
    let bytes = max(0, bytes)
    openBytes += bytes - entries[index].bytes
    entries[index].bytes = bytes
  }

  /// Settles a delivery.
  ///
  /// - Parameters:
  ///   - number: The broker's delivery tag.
  ///   - settlement: What the broker is to be told.
  /// - Returns: False when it is unknown or settled already.
  @discardableResult
  mutating func settle(_ number: UInt64, as settlement: Settlement) -> Bool {
    guard let index = index(of: number), entries[index].state == .open else { return false }
    entries[index].state =
      switch settlement {
      case .accepted: .accepted
      case .returned: .returned
      case .refused: .refused
      }
    openCount -= 1
    openBytes -= entries[index].bytes
    unsaid.append(number)
    return true
  }

  /// Hands out what the broker is to be told, in an order in which each frame is true when it is sent.
  mutating func flush(_ send: (SettlementFrame) -> Void) {
    guard !unsaid.isEmpty else { return }
    // First what is not accepted: an acknowledgement of multiple deliveries must not cover it.
    for number in unsaid {
      guard let index = index(of: number) else { continue }
      switch entries[index].state {
      case .returned: send(.requeue(number))
      case .refused: send(.reject(number))
      case .open, .accepted, .told: continue
      }
      entries[index].state = .told
    }
    sendPrefix(send)
    for number in unsaid {
      guard let index = index(of: number), entries[index].state == .accepted else { continue }
      send(.acknowledge(number, multiple: false))
      entries[index].state = .told
    }
    unsaid.removeAll(keepingCapacity: true)
    dropFinished()
  }

  /// Forgets everything: the channel is gone, and the broker gives all of it out again.
  mutating func reset() {
    self = SettlementLedger()
  }

  /// Acknowledges the finished beginning with one frame.
  private mutating func sendPrefix(_ send: (SettlementFrame) -> Void) {
    var last: UInt64?
    var count = 0
    while head < entries.count, entries[head].state != .open {
      if entries[head].state == .accepted {
        last = entries[head].number
        count += 1
        entries[head].state = .told
      }
      head += 1
    }
    if let last { send(.acknowledge(last, multiple: count > 1)) }
  }

  /// Gives the room of finished entries back, seldom enough to cost nothing per delivery.
  private mutating func dropFinished() {
    guard head > 0 else { return }
    // The last entry stays: it knows how far the numbers have come.
    if head == entries.count {
      entries.removeSubrange(0..<(head - 1))
      head = 1
    } else if head >= 64, head >= entries.count / 2 {
      entries.removeSubrange(0..<head)
      head = 0
    }
  }

  /// Where a number stands: mostly at its distance from the first, since brokers leave no gaps.
  private func index(of number: UInt64) -> Int? {
    guard head < entries.count, let last = entries.last, number <= last.number, number >= entries[head].number else {
      return nil
    }
    let guess = number - entries[head].number
    if guess < UInt64(entries.count - head), entries[head + Int(guess)].number == number { return head + Int(guess) }
    var low = head
    var high = entries.count - 1
    while low <= high {
      let middle = low + (high - low) / 2
      let found = entries[middle].number
      if found == number { return middle }
      if found < number { low = middle + 1 } else { high = middle - 1 }
    }
    return nil
  }
}
