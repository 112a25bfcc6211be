// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Journal
import Logging

extension Dispatcher {
  /// Takes events into the journal that somebody published, and answers once they are durable.
  func take(_ batch: PublishedBatch, _ effects: inout Effects) throws(SQLiteError) {
    var stored: [PublishedBatch.Stored] = []
    stored.reserveCapacity(batch.arrivals.count)
    for arrival in batch.arrivals { stored.append(try store(arrival, &effects)) }
    effects.notes.append { [stored] in batch.answer(.success(stored)) }
  }

  /// Takes an event into the journal; its delivery is settled with the transaction, or when its runs have ended.
  func take(_ arrival: Arrival, _ effects: inout Effects) throws(SQLiteError) {
    // A stopping daemon gives back what would wait for its runs; what the journal keeps it keeps for the next one.
    guard !isDraining || arrival.event.settle == .journal else {
      effects.settle(arrival.receipt, as: .returned)
      return
    }
    _ = try store(arrival, &effects)
  }

  private func store(_ arrival: Arrival, _ effects: inout Effects) throws(SQLiteError) -> PublishedBatch.Stored {
    var arrival = arrival
    if mustSettle(arrival.event.runs) { arrival.event.runs = arrival.event.runs.map(settled) }
    // What waits for a person to resume its action must not wait unsettled: it would take others' place at the broker.
    if arrival.event.runs.contains(where: \.isAside) { arrival.event.settle = .journal }
    switch try journal.writer.accept(arrival.event) {
    case .new(let number, let runs):
      try takeNew(arrival, number, runs, &effects)
      return PublishedBatch.Stored(number: number, isDuplicate: false)
    case .duplicate(let first):
      try takeDuplicate(arrival, first, &effects)
      return PublishedBatch.Stored(number: first, isDuplicate: true)
    }
  }

  private func takeNew(
    _ arrival: Arrival, _ number: Int64, _ runs: [QueuedRun], _ effects: inout Effects
  ) throws(SQLiteError) {
    let open = try enter(arrival.event, arrival.envelope, digest: arrival.digest, as: number, runs, &effects)
    if arrival.event.settle == .run, !open.isEmpty {
      state.openEvents[number] = OpenEvent(receipts: arrival.receipts, runs: open)
    } else {
      effects.settle(arrival.receipt, as: .accepted)
    }
  }

  /// Takes up an event that was stored, with its runs.
  ///
  /// Returns the numbers of those that are pending.
  func enter(
    _ event: NewEvent, _ envelope: Envelope, digest: Digest? = nil, as number: Int64, _ runs: [QueuedRun],
    _ effects: inout Effects
  ) throws(SQLiteError) -> Set<Int64> {
    fresh[number] = (envelope, event.body)
    var open: Set<Int64> = []
    for (run, queued) in zip(event.runs, runs) {
      let label = RunLabel(id: hexadecimal(run.id), event: number, eventType: event.type, action: run.action)
      note(run, label, &effects)
      effects.notes.append { [board, action = run.action, state = run.state, received = event.received] in
        board.noteMatch(of: action, at: received, as: state)
      }
      if run.state == .expired, isWanted(.runExpired), let record = try journal.writer.facts(ofRun: queued.number) {
        try tell(.runExpired, of: record, as: .expired, reason: run.reason, &effects)
      }
      guard run.state == .pending else { continue }
      open.insert(queued.number)
      effects.counts.add(run.action, pending: 1)
      if queued.isHead { state.windows.add(queued) }
    }
    count(event, &effects)
    if event.result == .undecodable { tellUndecodable(event, envelope, digest, as: number, &effects) }
    return open
  }

  private func count(_ event: NewEvent, _ effects: inout Effects) {
    effects.notes.append {
      [metrics, source = event.source, result = event.result, time = event.time, received = event.received] in
      let source = metrics.source(source)
      switch result {
      case .matched: source.countMatched(time: time.flatMap(Event.nanoseconds(ofInstant:)), received: received)
      case .unmatched: source.count(.unmatched)
      case .undecodable: source.count(.undecodable)
      }
    }
  }

  private func tellUndecodable(
    _ event: NewEvent, _ envelope: Envelope, _ digest: Digest?, as number: Int64, _ effects: inout Effects
  ) {
    var facts: Logger.Metadata = [
      LogKey.event: "\(number)", LogKey.source: "\(event.source)", LogKey.reason: "\(event.reason ?? "")",
      LogKey.size: "\(event.size)", LogKey.queue: "\(envelope.queue)", LogKey.routingKey: "\(envelope.routingKey)",
    ]
    if let digest { facts[LogKey.digest] = "\(digest)" }
    effects.notes.append { [logger, facts] in
      logger.error("event cannot be decoded: its bytes are kept", metadata: facts)
    }
  }

  func note(_ run: NewRun, _ label: RunLabel, _ effects: inout Effects) {
    effects.notes.append { [log, metrics, state = run.state, reason = run.reason] in
      switch state {
      case .observed:
        metrics.action(label.action).count(.observed)
        log.observed(label)
      case .expired:
        metrics.action(label.action).count(.expired)
        log.expired(label, reason ?? "")
      case .discarded: log.skipped(label, reason ?? "")
      default: log.accepted(label)
      }
    }
  }

  /// An event that was accepted before: its delivery is settled with the first one's.
  private func takeDuplicate(_ arrival: Arrival, _ first: Int64, _ effects: inout Effects) throws(SQLiteError) {
    let facts: Logger.Metadata = [
      LogKey.first: "\(first)", LogKey.eventType: "\(arrival.event.type)",
      LogKey.eventID: "\(arrival.event.id?.prefix(200) ?? "-")", LogKey.source: "\(arrival.event.source)",
    ]
    effects.notes.append { [metrics, logger] in
      metrics.source(arrival.event.source).count(.duplicate)
      logger.debug("event is a duplicate", metadata: facts)
    }
    if state.openEvents[first] != nil {
      state.openEvents[first]?.receipts += arrival.receipts
      return
    }
    // Of an earlier life, under `settle = run`: what its daemon did not finish goes on now.
    let runs = try rejoinAwaitingRuns(ofEvent: first, &effects)
    guard !runs.isEmpty, arrival.event.settle == .run else {
      // Settled with the journal from now on: the broker brings it no more.
      if !runs.isEmpty { try journal.writer.setSettle(.journal, ofEvent: first) }
      effects.settle(arrival.receipt, as: .accepted)
      return
    }
    state.openEvents[first] = OpenEvent(receipts: arrival.receipts, runs: runs)
  }

  /// Brings back the runs of an event whose redelivery was awaited, to those that have come back before it.
  ///
  /// Returns all that the delivery waits for; none where it was not awaited.
  private func rejoinAwaitingRuns(
    ofEvent event: Int64, _ effects: inout Effects
  ) throws(SQLiteError) -> Set<Int64> {
    var runs: Set<Int64> = []
    for number in try journal.writer.openRuns(ofEvent: event) {
      guard let run = try journal.writer.facts(ofRun: number), run.settle == .run else { continue }
      guard !run.isQueued else {
        runs.insert(number)
        continue
      }
      let queued = try journal.writer.rejoin(run, isAside: standsAside(run.action), isFresh: false)
      if queued.isHead { state.windows.add(queued) }
      runs.insert(number)
      effects.notes.append { [log] in log.accepted(RunLabel(run)) }
    }
    return runs
  }

  /// Whether any of new runs stands otherwise than it was matched.
  private func mustSettle(_ runs: [NewRun]) -> Bool {
    !statuses.isEmpty || runs.contains { $0.state == .pending && actions[$0.action]?.mode == .observe }
  }

  /// A new run as it stands when its action is suspended: aside, or given up.
  func settled(_ run: NewRun) -> NewRun {
    guard run.state == .pending else { return run }
    var run = run
    // Matched before a reload.
    if actions[run.action]?.mode == .observe || statuses[run.action]?.word == .observe { run.state = .observed }
    guard run.state == .pending, standsAside(run.action) else { return run }
    if actions[run.action]?.onSuspend == .skip {
      run.state = .discarded
      run.reason = "its action is suspended, and on_suspend = skip"
    } else {
      run.isAside = true
    }
    return run
  }

  /// Whether a person has said that an action runs nothing for now: what it has waits aside.
  func standsAside(_ action: String) -> Bool { statuses[action] != nil }

  /// Why the runs of such an action wait.
  func whyAside(_ action: String) -> String {
    switch statuses[action]?.word {
    case .observe: "its action only observes, as a person said"
    case .suspended, nil: "its action is suspended"
    }
  }
}

extension RunLabel {
  init(_ run: RunRecord) {
    self.init(id: run.id, event: run.event, eventType: run.eventType, action: run.action)
  }
}
