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
  /// From the request to the kernel until the script's end was noticed; zero if the script never ran.
  package var duration: Duration
  package var standardOutput: KeptOutput
  package var standardError: KeptOutput
  /// The number that the script's process had; nil if it never ran.
  package var pid: Int32?
  /// What is left of a run that was to be ended whole, outside of the script's session and so out of reach.
  ///
  /// Looked for only where runs have no control groups of their own; there nothing is out of reach.
  package var survivors: [Survivor] = []

  package init(outcome: Outcome, duration: Duration, standardOutput: KeptOutput, standardError: KeptOutput) {
    self.outcome = outcome
    self.duration = duration
    self.standardOutput = standardOutput
    self.standardError = standardError
  }

  /// Of a script that never ran.
  static func unstarted(_ outcome: Outcome) -> Completion {
    Completion(outcome: outcome, duration: .zero, standardOutput: KeptOutput(), standardError: KeptOutput())
  }
}

/// Hears of attempts, on the runner's threads; must not block.
///
/// For each attempt: `started` at most once, then any number of `printed`, then `ended` exactly once; `endures` and
/// `cannotEnd` at most once in between. A script that never ran only ends. Every method may call `start` and `interruptAll` of the runner.
package protocol RunObserver: AnyObject, Sendable {
  func started(_ attempt: AttemptID, pid: Int32)
  /// The script does not end at once: it is worth a mark by which it is found should this process end before it.
  ///
  /// The process has not been waited for until this returns.
  func endures(_ attempt: AttemptID, pid: Int32)
  /// One line, its line feed removed; lines longer than 16 KiB come in pieces.
  ///
  /// The bytes are as the script wrote them, control characters included, and valid during the call only.
  func printed(_ attempt: AttemptID, _ stream: OutputStream, _ line: UnsafeBufferPointer<UInt8>)
  /// The script cannot be ended, for this reason; told once, when it should have been.
  func cannotEnd(_ attempt: AttemptID, _ reason: String)
  func ended(_ attempt: AttemptID, _ completion: Completion)
}
