// SPDX-License-Identifier: Apache-2.0

import Events
import Glibc
import Scripts
import Synchronization

/// Hears of attempts, remembers all of it, and lets tests wait for it.
final class Recorder: RunObserver {
  struct Record {
    var pid: Int32?
    var lines: [(stream: OutputStream, text: String)] = []
    var printedBytes: UInt64 = 0
    var troubles: [String] = []
    var completions: [Completion] = []
  }

  private struct Waiter {
    var attempt: AttemptID
    var isSatisfied: @Sendable (Record) -> Bool
    var continuation: CheckedContinuation<Record, Never>
  }

  private struct State {
    var records: [AttemptID: Record] = [:]
    var waiters: [Waiter] = []
  }

  private let state = Mutex(State())
  private let keepsLines: Bool

  init(keepsLines: Bool = true) { self.keepsLines = keepsLines }

  func endures(_ attempt: AttemptID, pid: Int32) {}

  func started(_ attempt: AttemptID, pid: Int32) {
    update(attempt) { $0.pid = pid }
  }

  func printed(_ attempt: AttemptID, _ stream: OutputStream, _ line: UnsafeBufferPointer<UInt8>) {
    update(attempt) {
      $0.printedBytes += UInt64(line.count)
      if keepsLines { $0.lines.append((stream, String(decoding: line, as: UTF8.self))) }
    }
  }

  func cannotEnd(_ attempt: AttemptID, _ reason: String) {
    update(attempt) { $0.troubles.append(reason) }
  }

  func ended(_ attempt: AttemptID, _ completion: Completion) {
    update(attempt) { $0.completions.append(completion) }
  }

  func record(of attempt: AttemptID) -> Record { state.withLock { $0.records[attempt] ?? Record() } }

  /// Waits until what is known of an attempt satisfies the condition, or the attempt has ended.
  func wait(for attempt: AttemptID, until isSatisfied: @escaping @Sendable (Record) -> Bool) async -> Record {
    let isSatisfied: @Sendable (Record) -> Bool = { !$0.completions.isEmpty || isSatisfied($0) }
    return await withCheckedContinuation { continuation in
      let record: Record? = state.withLock { state in
        let record = state.records[attempt] ?? Record()
        if isSatisfied(record) { return record }
        state.waiters.append(Waiter(attempt: attempt, isSatisfied: isSatisfied, continuation: continuation))
        return nil
      }
      if let record { continuation.resume(returning: record) }
    }
  }

  private func update(_ attempt: AttemptID, _ change: (inout Record) -> Void) {
    let (satisfied, record) = state.withLock { state in
      change(&state.records[attempt, default: Record()])
      let record = state.records[attempt] ?? Record()
      let satisfied = state.waiters.filter { $0.attempt == attempt && $0.isSatisfied(record) }
      state.waiters.removeAll { $0.attempt == attempt && $0.isSatisfied(record) }
      return (satisfied, record)
    }
    for waiter in satisfied { waiter.continuation.resume(returning: record) }
  }
}
