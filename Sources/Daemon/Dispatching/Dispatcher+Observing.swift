// SPDX-License-Identifier: Apache-2.0

import Events
import Scripts
import Synchronization

/// Starts attempts: the script runner, or a recorder in tests.
protocol AttemptStarter: Sendable {
  func start(_ invocation: Invocation, as attempt: AttemptID)
}

extension ScriptRunner: AttemptStarter {}

extension Dispatcher: RunObserver {
  func started(_ attempt: AttemptID, pid: Int32) {
    FailPoint.afterSpawn.pass()
    if let (label, _, _) = labels.withLock({ $0[attempt.number] }) { log.started(label, pid: pid) }
  }

  func endures(_ attempt: AttemptID, pid: Int32) {
    inputs.add(.endures(attempt, pid: pid, start: ProcessFacts.status(of: pid)?.start), .whenever)
  }

  func printed(_ attempt: AttemptID, _ stream: OutputStream, _ line: UnsafeBufferPointer<UInt8>) {
    let found = labels.withLock { labels -> (label: RunLabel, run: Int64, verdict: OutputAllowance.Verdict)? in
      guard let verdict = labels[attempt.number]?.allowance.take(line.count), let entry = labels[attempt.number]
      else { return nil }
      return (entry.label, entry.run, verdict)
    }
    guard let (label, run, verdict) = found else { return }
    live.add(line, of: run)
    switch verdict {
    case .taken: log.printed(label, stream, line)
    case .resumed(let leftOut):
      log.leftOut(label, leftOut)
      log.printed(label, stream, line)
    case .exhausted: log.floods(label)
    case .leftOut: break
    }
  }

  /// Says what of an attempt's output the log did not get, once the attempt has ended.
  func forgetOutput(of attempt: AttemptID) {
    guard let entry = labels.withLock({ $0.removeValue(forKey: attempt.number) }) else { return }
    if entry.allowance.untold.lines > 0 { log.leftOut(entry.label, entry.allowance.untold) }
  }

  func cannotEnd(_ attempt: AttemptID, _ reason: String) {
    if let (label, _, _) = labels.withLock({ $0[attempt.number] }) { log.cannotEnd(label, reason) }
  }

  /// While more scripts run than there are processors, the end of one leaves none of them idle: it waits a moment for
  /// others, and one transaction records them all.
  func ended(_ attempt: AttemptID, _ completion: Completion) {
    let isSpare = spareScripts.subtract(1, ordering: .relaxed).oldValue > 0
    inputs.add(.ended(attempt, completion), isSpare ? .soon : .now)
  }
}
