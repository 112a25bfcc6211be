// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Journal
import Scripts
import Settings

extension Dispatcher {
  /// How many runs are looked at in one transaction: a thousand refused ones must not delay what has been taken.
  private static let startsAtOnce = 256

  /// Starts every run that may start, oldest first.
  func startRuns(_ effects: inout Effects) throws(SQLiteError) {
    guard !isAbandoned, !isSuspended else { return }
    if isDraining { return try startRunsOfStartedEvents(&effects) }
    for _ in 0..<Self.startsAtOnce {
      guard state.windows.runningCount < plan.configuration.scripts.maxConcurrent else { return }
      while let action = state.windows.actionToFill(mayStart: mayStart) {
        let heads = try journal.writer.heads(ofAction: action, after: 0, limit: StartWindows.width)
        state.windows.fill(action: action, heads)
      }
      guard let run = state.windows.takeOldest(mayStart: mayStart) else { return }
      // Counted as running by the window; taken back where it does not start.
      if try !start(run, &effects) { state.windows.countEnd(ofAction: run.action) }
    }
    // More may start: look again at once.
    inputs.add(.tick)
  }

  private func mayStart(action: Int64, running: Int) -> Bool { running < limits[action] ?? .max }

  /// While the daemon stops, what belongs to events that have begun is finished: their deliveries wait for it.
  private func startRunsOfStartedEvents(_ effects: inout Effects) throws(SQLiteError) {
    for (number, event) in state.openEvents where event.hasStarted {
      for run in event.runs.sorted() where state.running[run] == nil {
        guard state.windows.runningCount < plan.configuration.scripts.maxConcurrent else { return }
        guard let record = try journal.writer.facts(ofRun: run), record.event == number, record.isHead else { continue }
        let action = try journal.writer.actionID(record.action)
        guard state.windows.mayStart(action, mayStart) else { continue }
        let head = QueuedRun(number: run, action: action, place: record.place, isHead: true)
        state.windows.remove(run, ofAction: action)
        state.windows.countStart(ofAction: action)
        if try !start(head, &effects) { state.windows.countEnd(ofAction: action) }
      }
    }
  }

  /// Resolves what an attempt executes, marks it as started, and has it started once that is committed.
  ///
  /// - Returns: Whether it starts; otherwise it has ended, or is held.
  private func start(_ head: QueuedRun, _ effects: inout Effects) throws(SQLiteError) -> Bool {
    guard let record = try journal.writer.facts(ofRun: head.number), record.isHead, record.state == .pending else {
      return false
    }
    let label = RunLabel(record)
    guard let action = actions[record.action], action.mode != .disabled else {
      try hold(record, "its action \(record.action) is not configured any more", &effects)
      return false
    }
    let attempt = record.attempts + 1
    let invocation: Invocation
    do {
      invocation = try self.invocation(of: action, record, attempt: attempt)
    } catch let error as SQLiteError {
      throw error
    } catch {
      try refuse(record, "\(error)", &effects)
      return false
    }
    let started = RealTime.now.nanoseconds
    try journal.writer.start(
      AttemptStart(
        run: head.number, attempt: attempt, started: started, program: invocation.path,
        arguments: invocation.arguments, directory: invocation.workingDirectory, revision: configuration.revision,
        boot: BootClock.bootID))
    state.lastAttempt += 1
    let id = AttemptID(state.lastAttempt)
    state.attempts[id.number] = head.number
    state.running[head.number] = RunningRun(
      record: record, label: label, actionID: head.action, attempt: attempt, since: .now)
    state.openEvents[record.event]?.hasStarted = true
    effects.counts.add(record.action, pending: -1, running: 1)
    if record.attempts == 0 {
      let wait = started.subtractingReportingOverflow(record.created).partialValue
      effects.notes.append { [metrics] in metrics.action(record.action).measureWait(wait) }
    }
    effects.starts.append((id, label, head.number, invocation))
    return true
  }

  /// Why a stored event cannot be run any more.
  private struct Unreadable: Error, CustomStringConvertible {
    var description: String
  }

  /// How many starts are prepared at most: what they read may be large.
  private static let preparedAtOnce = 2

  /// Makes what the next attempts execute while there is nothing else to do, so that they start at once when their time
  /// has come.
  ///
  /// Where as many scripts run as there are processors, there is no idle time for it.
  func prepareStarts() {
    guard !isDraining, !isSuspended, state.windows.runningCount < processors, journal.trouble == nil else { return }
    for head in state.windows.next(Self.preparedAtOnce) where prepared[head.number] == nil {
      guard !inputs.hasNews else { return }
      // Of runs that never started, such as discarded ones.
      if prepared.count >= 2 * Self.preparedAtOnce { prepared = [:] }
      // What fails here is told at its start.
      guard let record = try? journal.writer.facts(ofRun: head.number), let action = actions[record.action],
        let invocation = try? makeInvocation(of: action, record, attempt: record.attempts + 1)
      else { return }
      prepared[head.number] = (record.attempts + 1, invocation)
    }
  }

  private func invocation(of action: Action, _ record: RunRecord, attempt: Int64) throws -> Invocation {
    if let ready = prepared.removeValue(forKey: record.number), ready.attempt == attempt { return ready.invocation }
    return try makeInvocation(of: action, record, attempt: attempt)
  }

  private func makeInvocation(of action: Action, _ record: RunRecord, attempt: Int64) throws -> Invocation {
    let facts = RunFacts(
      runID: record.id, eventNumber: UInt64(clamping: record.event), attempt: Int(clamping: attempt))
    return try withEvent(record.event, source: record.source) { event in
      try action.invocation(for: event, facts)
    }
  }

  /// Decodes a stored event, as its source's mapping is now.
  func withEvent<R>(_ number: Int64, source: String, _ body: (Event) throws -> R) throws -> R {
    let envelope: Envelope
    let bytes: [UInt8]
    if let known = fresh[number] {
      (envelope, bytes) = known
    } else {
      guard let (content, received) = try journal.writer.content(ofEvent: number) else {
        throw Unreadable(description: "The journal does not have the content of event \(number) any more.")
      }
      envelope = Envelope(stored: content.envelope, source: source, received: received)
      bytes = content.body
    }
    return try bytes.withUnsafeBytes { try body(try decoder(ofSource: source).decode($0, envelope)) }
  }

  func decoder(ofSource name: String) -> EventDecoder {
    if let decoder = decoders[name] { return decoder }
    let reading = plan.reading(ofSource: name)
    let decoder = EventDecoder(
      reading?.mapping ?? EventMapping(), inflatedLimit: reading?.maxMessageSize ?? 16 << 20)
    decoders[name] = decoder
    return decoder
  }

  private func refuse(_ record: RunRecord, _ reason: String, _ effects: inout Effects) throws(SQLiteError) {
    let next = try journal.writer.end(
      record, as: .refused, at: RealTime.now.nanoseconds, outcome: nil, reason: reason)
    effects.counts.add(record.action, pending: -1)
    effects.notes.append { [log, metrics, board] in
      board.noteEnd(of: record.action, as: .refused)
      metrics.action(record.action).count(.refused)
      log.refused(RunLabel(record), reason)
    }
    left(record, next, &effects)
    try tell(.runRefused, of: record, as: .refused, reason: reason, &effects)
  }

  func hold(_ record: RunRecord, _ reason: String, _ effects: inout Effects) throws(SQLiteError) {
    let next = try journal.writer.end(
      record, as: .held, at: RealTime.now.nanoseconds, outcome: nil, reason: reason)
    effects.counts.add(record.action, pending: -1)
    effects.counts.held += 1
    effects.notes.append { [log] in log.held(RunLabel(record), reason) }
    left(record, next, &effects)
    try tell(.runHeld, of: record, as: .held, reason: reason, &effects)
  }

  /// A run has left its lane: the next may start, and a delivery that waited for it may be settled.
  func left(_ record: RunRecord, _ next: QueuedRun?, _ effects: inout Effects) {
    if let next { state.windows.add(next) }
    guard var event = state.openEvents[record.event] else { return }
    event.runs.remove(record.number)
    state.openEvents[record.event] = event
    guard event.runs.isEmpty else { return }
    state.openEvents[record.event] = nil
    effects.settle(event.receipts, as: event.isInterrupted ? .returned : .accepted)
  }
}
