// SPDX-License-Identifier: Apache-2.0

package import Events

/// Names an attempt towards the runner; never reused within a daemon's life.
package struct AttemptID: Sendable, Hashable {
  package var number: UInt64
  package init(_ number: UInt64) { self.number = number }
}

package enum OutputStream: UInt8, Sendable { case standardOutput, standardError }

/// What is kept of one output stream: its head and its tail.
package struct KeptOutput: Sendable, Equatable {
  package var head: [UInt8] = []
  package var tail: [UInt8] = []
  /// Bytes between head and tail that were not kept.
  package var dropped: UInt64 = 0
  package init() {}
}

/// How an attempt went.
package struct Completion: Sendable {
  package var outcome: Outcome
  package var duration: Duration
  package var standardOutput: KeptOutput
  package var standardError: KeptOutput
}

/// Hears of attempts. Called on the runner's threads; must not block.
package protocol RunObserver: AnyObject, Sendable {
  func started(_ attempt: AttemptID, pid: Int32)
  /// One line, its end removed; lines longer than 16 KiB come in pieces.
  func printed(_ attempt: AttemptID, _ stream: OutputStream, _ line: UnsafeBufferPointer<UInt8>)
  func ended(_ attempt: AttemptID, _ completion: Completion)
}

/// Runs invocations as child processes: one thread starts them, one thread watches them.
package final class ScriptRunner: Sendable {
  /// - Parameter outputLimit: Bytes kept of each stream, half head and half tail.
  package init(outputLimit: Int, observer: any RunObserver) throws { fatalError("stub") }

  /// Starts an attempt. Returns at once; `ended` is called exactly once for each.
  package func start(_ invocation: Invocation, as attempt: AttemptID) { fatalError("stub") }

  /// Ends every running script: TERM to its group, KILL after its `killAfter`; each ends as `interrupted`.
  package func interruptAll() { fatalError("stub") }

  /// Stops both threads, after the last attempt has ended. Waits for it.
  package func close() { fatalError("stub") }
}
