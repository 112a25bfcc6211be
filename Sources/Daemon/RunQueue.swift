// SPDX-License-Identifier: Apache-2.0

import DequeModule
import HeapModule

/// Decides which run may start next: one at a time per ordering key, within the limits, oldest first.
///
/// A pure state machine over run numbers, which grow with the order of receipt. Runs with the same key stand in one
/// *lane* and only a lane's head can start; a run without a key is always a head. Heads wait per action, so a run
/// behind a busy key or a busy action costs nothing and delays nobody else.
struct RunQueue {
  private struct Entry {
    var action: Int
    var key: String?
    var isRunning = false
  }

  private struct Lane {
    /// The run that holds the key: waiting to start, or running.
    var head: UInt64
    var behind: Deque<UInt64> = []
  }

  private let maxRunning: Int
  private let maxRunningOfAction: [Int]
  private var entries: [UInt64: Entry] = [:]
  private var lanes: [String: Lane] = [:]
  private var heads: [Heap<UInt64>]
  private var runningOfAction: [Int]
  /// Actions that have heads and are below their own limit.
  private var startable: Set<Int> = []

  private(set) var runningCount = 0

  /// - Parameters:
  ///   - maxRunning: The limit over all actions, at least 1.
  ///   - limits: Each action's own limit; nil = only the global one.
  init(maxRunning: Int, limits: [Int?]) {
    self.maxRunning = maxRunning
    maxRunningOfAction = limits.map { $0 ?? .max }
    heads = Array(repeating: Heap(), count: limits.count)
    runningOfAction = Array(repeating: 0, count: limits.count)
  }

  /// Runs that wait for their start.
  var pendingCount: Int { entries.count - runningCount }

  /// Adds a run behind every earlier one of its key.
  mutating func add(_ run: UInt64, action: Int, key: String?) {
    entries[run] = Entry(action: action, key: key)
    guard let key else { return makeHead(run, of: action) }
    if lanes[key] != nil {
      lanes[key]?.behind.append(run)
    } else {
      lanes[key] = Lane(head: run)
      makeHead(run, of: action)
    }
  }

  /// Takes the oldest run that may start now, and counts it as running.
  mutating func startNext() -> UInt64? {
    guard runningCount < maxRunning else { return nil }
    let oldest = startable.min { first, second in
      (heads[first].min ?? .max) < (heads[second].min ?? .max)
    }
    guard let action = oldest, let run = heads[action].popMin() else { return nil }
    runningCount += 1
    runningOfAction[action] += 1
    entries[run]?.isRunning = true
    updateStartable(action)
    return run
  }

  /// Removes a run, running or waiting, and frees its key for the next one.
  mutating func remove(_ run: UInt64) {
    guard let entry = entries.removeValue(forKey: run) else { return }
    if entry.isRunning {
      runningCount -= 1
      runningOfAction[entry.action] -= 1
    } else {
      heads[entry.action].remove(run)
    }
    updateStartable(entry.action)
    guard let key = entry.key, let lane = lanes[key] else { return }
    if lane.head == run {
      promoteNext(of: key)
    } else {
      lanes[key]?.behind.removeAll { $0 == run }
    }
  }

  private mutating func promoteNext(of key: String) {
    guard let next = lanes[key]?.behind.popFirst(), let action = entries[next]?.action else {
      lanes[key] = nil
      return
    }
    lanes[key]?.head = next
    makeHead(next, of: action)
  }

  private mutating func makeHead(_ run: UInt64, of action: Int) {
    heads[action].insert(run)
    updateStartable(action)
  }

  private mutating func updateStartable(_ action: Int) {
    if !heads[action].isEmpty, runningOfAction[action] < maxRunningOfAction[action] {
      startable.insert(action)
    } else {
      startable.remove(action)
    }
  }
}

extension Heap<UInt64> {
  /// Removes one element.
  ///
  /// Rare: only runs that never started are taken out from within.
  fileprivate mutating func remove(_ element: UInt64) {
    guard unordered.contains(element) else { return }
    self = Heap(unordered.filter { $0 != element })
  }
}
