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
    if let (label, _) = labels.withLock({ $0[attempt.number] }) { log.started(label, pid: pid) }
    inputs.add(.started(attempt, pid: pid, start: ProcessFacts.start(of: pid)), isUrgent: false)
  }

  func printed(_ attempt: AttemptID, _ stream: OutputStream, _ line: UnsafeBufferPointer<UInt8>) {
    guard let (label, run) = labels.withLock({ $0[attempt.number] }) else { return }
    live.add(line, of: run)
    log.printed(label, stream, line)
  }

  func cannotEnd(_ attempt: AttemptID, _ reason: String) {
    if let (label, _) = labels.withLock({ $0[attempt.number] }) { log.cannotEnd(label, reason) }
  }

  func ended(_ attempt: AttemptID, _ completion: Completion) { inputs.add(.ended(attempt, completion)) }
}
