// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Daemon

@Suite struct RunQueueTests {
  /// Starts everything that may start.
  private func startAll(_ queue: inout RunQueue) -> [UInt64] {
    var started: [UInt64] = []
    while let run = queue.startNext() { started.append(run) }
    return started
  }

  @Test("Runs without a key start at once, oldest first, up to the limit")
  func globalLimit() {
    var queue = RunQueue(maxRunning: 2, limits: [nil, nil])
    queue.add(1, action: 1, key: nil)
    queue.add(2, action: 0, key: nil)
    queue.add(3, action: 1, key: nil)
    #expect(startAll(&queue) == [1, 2])
    queue.remove(2)
    #expect(startAll(&queue) == [3])
    #expect(queue.runningCount == 2)
  }

  @Test("Two runs with the same key never run side by side, whatever their actions")
  func lane() {
    var queue = RunQueue(maxRunning: 8, limits: [nil, nil])
    queue.add(1, action: 0, key: "node-1")
    queue.add(2, action: 1, key: "node-1")
    queue.add(3, action: 0, key: "node-2")
    #expect(startAll(&queue) == [1, 3])
    queue.remove(1)
    #expect(startAll(&queue) == [2])
  }

  @Test("An action at its limit delays neither other actions nor the order of its own runs")
  func actionLimit() {
    var queue = RunQueue(maxRunning: 8, limits: [1, nil])
    for run in UInt64(1)...3 { queue.add(run, action: 0, key: nil) }
    queue.add(4, action: 1, key: nil)
    #expect(startAll(&queue) == [1, 4])
    queue.remove(1)
    #expect(startAll(&queue) == [2])
  }

  @Test("A run that is removed before its start frees its key")
  func removePending() {
    var queue = RunQueue(maxRunning: 1, limits: [nil])
    queue.add(1, action: 0, key: "a")
    queue.add(2, action: 0, key: "b")
    queue.add(3, action: 0, key: "b")
    queue.add(4, action: 0, key: "b")
    #expect(startAll(&queue) == [1])
    queue.remove(2)
    queue.remove(4)
    queue.remove(1)
    #expect(startAll(&queue) == [3])
    queue.remove(3)
    #expect(queue.pendingCount == 0)
    #expect(queue.runningCount == 0)
  }

  @Test("Whatever comes and goes: limits hold, keys exclude, and a key's runs start in order", arguments: 1...20)
  func generated(seed: Int) {
    var random = SplitMix(state: UInt64(seed))
    let limits: [Int?] = [nil, 1, 3]
    var queue = RunQueue(maxRunning: 4, limits: limits)
    var keys: [UInt64: String] = [:]
    var actions: [UInt64: Int] = [:]
    var running: Set<UInt64> = []
    var lastStarted: [String: UInt64] = [:]
    var started = 0
    for run in UInt64(1)...500 {
      let key = random.next(6)
      if key > 0 { keys[run] = "key-\(key)" }
      actions[run] = random.next(3)
      queue.add(run, action: actions[run] ?? 0, key: keys[run])
      for _ in 0..<random.next(3) {
        guard let next = queue.startNext() else { break }
        started += 1
        if let key = keys[next] {
          #expect(!running.contains { keys[$0] == key })
          #expect(lastStarted[key, default: 0] < next)
          lastStarted[key] = next
        }
        running.insert(next)
        #expect(running.count <= 4)
        #expect(running.count { actions[$0] == 1 } <= 1)
        #expect(running.count { actions[$0] == 2 } <= 3)
      }
      if random.next(2) == 0, let ended = running.min() {
        running.remove(ended)
        queue.remove(ended)
      }
    }
    while started < 500 {
      for run in startAll(&queue) {
        started += 1
        running.insert(run)
      }
      guard let ended = running.popFirst() else { break }
      queue.remove(ended)
    }
    #expect(started == 500)
  }
}

/// A small seeded generator: the same cases in every run.
struct SplitMix {
  var state: UInt64

  mutating func next(_ bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
  }
}
