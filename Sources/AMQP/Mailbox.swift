// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The way in to a consumer's thread: what others ask of it, and a descriptor that wakes it.
final class Mailbox: Sendable {
  /// What was asked since the last look.
  struct Contents: Sendable {
    var settlements: [(tag: DeliveryTag, settlement: Settlement)] = []
    var reports: [QueueLook.Report] = []
    /// Stay for ever once set.
    var stopsTaking = false
    /// Takes nothing more, and closes by itself once everything is settled.
    var retires = false
    var closes = false
    /// Why nothing is to be taken for now; stays until it is taken back.
    var hold: String?
  }

  private struct State {
    var contents = Contents()
    var signalled = false
  }

  private let state = Mutex(State())
  private let unread = Atomic(false)
  let event = EventDescriptor()

  /// Whether something waits; cheap enough to be asked for every message.
  var hasContents: Bool { unread.load(ordering: .relaxed) }

  var closes: Bool { state.withLock(\.contents.closes) }
  var hold: String? { state.withLock(\.contents.hold) }
  var stopsTaking: Bool { state.withLock(\.contents.stopsTaking) }
  var retires: Bool { state.withLock(\.contents.retires) }

  func settle(_ settlements: [(tag: DeliveryTag, settlement: Settlement)]) {
    put { $0.settlements += settlements }
  }

  func report(_ report: QueueLook.Report) {
    put { $0.reports.append(report) }
  }

  func hold(_ reason: String?) {
    put { $0.hold = reason }
  }

  func stopTaking() {
    put { $0.stopsTaking = true }
  }

  func retire() {
    put { contents in
      contents.stopsTaking = true
      contents.retires = true
    }
  }

  func close() {
    put { $0.closes = true }
  }

  /// Empties the box.
  func take() -> Contents {
    event.reset()
    return state.withLock { state in
      let contents = state.contents
      state.contents.settlements = []
      state.contents.reports = []
      state.signalled = false
      unread.store(false, ordering: .relaxed)
      return contents
    }
  }

  /// Wakes the thread once, however many come before it looks.
  private func put(_ change: (inout Contents) -> Void) {
    let wakes = state.withLock { state in
      change(&state.contents)
      unread.store(true, ordering: .relaxed)
      defer { state.signalled = true }
      return !state.signalled
    }
    if wakes { event.signal() }
  }
}
