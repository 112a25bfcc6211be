// SPDX-License-Identifier: Apache-2.0

import Journal

/// The runs that may start next, by action: the first ones of what the journal holds, not all of it.
///
/// A pure state machine. An action's window is either *complete*, then it shows every run of the action that may start,
/// or the journal has more behind its last one, which is read when the window is empty.
struct StartWindows {
  /// How many runs of one action are read at a time.
  static let width = 128

  private struct Window {
    /// In the order of their places.
    var heads: ArraySlice<QueuedRun> = []
    var isComplete: Bool
    var running = 0

    var isIdle: Bool { heads.isEmpty && isComplete && running == 0 }
  }

  private var windows: [Int64: Window] = [:]
  private(set) var runningCount = 0

  /// Whether there may be a run that could start, were there room for it.
  var hasHeads: Bool { windows.values.contains { !$0.heads.isEmpty || !$0.isComplete } }

  /// The first runs of the action that has the oldest one.
  func next(_ count: Int) -> ArraySlice<QueuedRun> {
    let oldest = windows.values.lazy.map(\.heads).filter { !$0.isEmpty }.min {
      $0[$0.startIndex].place < $1[$1.startIndex].place
    }
    return oldest?.prefix(count) ?? []
  }

  /// Says that the journal has runs of an action that may start.
  mutating func expect(action: Int64) {
    if windows[action]?.heads.isEmpty ?? true { windows[action, default: Window(isComplete: false)].isComplete = false }
  }

  /// Adds a run that may start now.
  mutating func add(_ run: QueuedRun) {
    var window = windows[run.action] ?? Window(isComplete: true)
    if let last = window.heads.last, last.place < run.place {
      if window.isComplete { window.heads.append(run) }
    } else if window.heads.isEmpty {
      if window.isComplete { window.heads.append(run) }
    } else {
      let index = window.heads.firstIndex { $0.place > run.place } ?? window.heads.endIndex
      window.heads.insert(run, at: index)
    }
    if window.heads.count > 2 * Self.width {
      window.heads = ArraySlice(window.heads.prefix(Self.width))
      window.isComplete = false
    }
    windows[run.action] = window
  }

  /// Takes in what the journal has of an action, from the beginning.
  mutating func fill(action: Int64, _ heads: [QueuedRun]) {
    windows[action, default: Window(isComplete: true)].heads = heads[...]
    windows[action]?.isComplete = heads.count < Self.width
    if windows[action]?.isIdle == true { windows[action] = nil }
  }

  /// An action whose window is empty though the journal has more, and that may start one.
  func actionToFill(mayStart: (_ action: Int64, _ running: Int) -> Bool) -> Int64? {
    windows.first { $0.value.heads.isEmpty && !$0.value.isComplete && mayStart($0.key, $0.value.running) }?.key
  }

  /// Whether an action may start one more.
  func mayStart(_ action: Int64, _ mayStart: (_ action: Int64, _ running: Int) -> Bool) -> Bool {
    mayStart(action, windows[action]?.running ?? 0)
  }

  /// Takes the oldest run that may start, and counts it as running.
  mutating func takeOldest(mayStart: (_ action: Int64, _ running: Int) -> Bool) -> QueuedRun? {
    var oldest: QueuedRun?
    for (action, window) in windows {
      guard let head = window.heads.first, mayStart(action, window.running) else { continue }
      if oldest.map({ head.place < $0.place }) ?? true { oldest = head }
    }
    guard let oldest else { return nil }
    windows[oldest.action]?.heads.removeFirst()
    countStart(ofAction: oldest.action)
    return oldest
  }

  /// Takes a run out, as when a person gives it up.
  mutating func remove(_ run: Int64, ofAction action: Int64) {
    windows[action]?.heads.removeAll { $0.number == run }
    if windows[action]?.isIdle == true { windows[action] = nil }
  }

  mutating func removeAll(ofAction action: Int64) {
    windows[action]?.heads = []
    windows[action]?.isComplete = true
    if windows[action]?.isIdle == true { windows[action] = nil }
  }

  mutating func countStart(ofAction action: Int64) {
    windows[action, default: Window(isComplete: true)].running += 1
    runningCount += 1
  }

  mutating func countEnd(ofAction action: Int64) {
    guard let running = windows[action]?.running, running > 0 else { return }
    windows[action]?.running = running - 1
    runningCount -= 1
    if windows[action]?.isIdle == true { windows[action] = nil }
  }
}
