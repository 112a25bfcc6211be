// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Scripts
import Synchronization

/// Shows that a thread moves: its loop beats at every turn, and says by when the next beat comes.
///
/// A thread that waits wakes in time to keep its word, so that one that sleeps for want of work is told apart from one
/// that hangs. Belongs to one thread, until `end`.
package final class Pulse: Sendable {
  /// What a look at a pulse tells.
  enum Finding: Equatable {
    case moves
    /// It waits, since then, for something that the daemon cannot hurry; no fault of its own.
    case waits(since: Int64)
    /// It broke its word since then.
    case hangs(since: Int64)
  }

  private struct State {
    var last: Int64 = 0
    /// Nil: nobody can say when it comes back.
    var due: Int64?
    var thread: Int32 = 0
    /// Whether it is looked at: from the first beat to the end.
    var isLive = false
  }

  /// The kind of thread, as `broker`.
  let kind: String
  /// Which of its kind; empty where there is one only.
  let object: String
  private let state = Mutex(State())

  init(_ kind: String, _ object: String = "") {
    self.kind = kind
    self.object = object
  }

  var name: String { object.isEmpty ? kind : "\(kind) \(object)" }

  /// Says that the thread moves and does so again within a time; nil = it now waits for something outside of us.
  func beat(within limit: Duration?) {
    Wedge.hold(kind)
    let now = clinux_monotonic_time()
    state.withLock { state in
      if !state.isLive {
        state.isLive = true
        state.thread = clinux_thread_id()
      }
      state.last = now
      state.due = limit.map { now.addingReportingOverflow($0.nanoseconds) }.map { $0.overflow ? .max : $0.partialValue }
    }
  }

  /// Says that the thread ends, or is no concern any more.
  func end() { state.withLock { $0 = State() } }

  /// Judges the pulse at a time of `CLOCK_MONOTONIC`, in nanoseconds.
  ///
  /// A thread in uninterruptible sleep waits for a device or a file server: being ended would not make it come back,
  /// nor would the next daemon fare better. So trouble with a disk is never taken for a hang.
  func look(at now: Int64, tolerance: Duration, isWaitingInKernel: (Int32) -> Bool = ThreadFacts.isUninterruptible)
    -> Finding
  {
    let (live, last, due, thread) = state.withLock { ($0.isLive, $0.last, $0.due, $0.thread) }
    guard live else { return .moves }
    guard let due else { return .waits(since: last) }
    let (limit, overflow) = due.addingReportingOverflow(tolerance.nanoseconds)
    guard !overflow, now > limit else { return .moves }
    return isWaitingInKernel(thread) ? .waits(since: last) : .hangs(since: last)
  }
}

/// What /proc says of our threads.
enum ThreadFacts {
  /// Whether a thread sleeps uninterruptibly in the kernel: state D of proc(5).
  static func isUninterruptible(_ thread: Int32) -> Bool {
    guard let bytes = ProcessFile.read("/proc/self/task/\(thread)/stat"),
      let end = bytes.lastIndex(of: UInt8(ascii: ")"))
    else { return false }
    return bytes[(end + 1)...].first { $0 != UInt8(ascii: " ") } == UInt8(ascii: "D")
  }
}
