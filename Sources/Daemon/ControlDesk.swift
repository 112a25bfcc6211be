// SPDX-License-Identifier: Apache-2.0

import Events
import Glibc
import Journal
import Settings
import Synchronization
import WebAPI

/// What people and programs ask of the running daemon: decisions go to the journal's thread, the rest is known.
struct ControlDesk: DaemonControl {
  let dispatcher: Dispatcher
  let board: DaemonBoard
  let unmatched: UnmatchedEvents
  let reloads: ReloadRequests
  let metrics: DaemonMetrics
  let service: Service
  let local: LocalIntake
  let feeds: LiveFeeds
  let reader: JournalReader
  let refusals: Refusals
  let started: Int64

  func status() async -> DaemonStatus {
    let configuration = dispatcher.current.value.configuration
    var status = DaemonStatus()
    status.version = Version.current
    status.pid = getpid()
    status.started = started
    status.revision = configuration.revision
    status.files = configuration.files
    status.journalPath = configuration.journal.path
    status.actions = configuration.actions.map {
      DaemonStatus.Action(name: $0.name, status: $0.mode.rawValue, pending: 0, running: 0, waiting: 0)
    }
    board.fill(&status)
    for (name, value) in metrics.totals { status.counters[name] = value }
    status.stuck = service.hangingThreads.map { "the thread \($0) hangs" }
    return status
  }

  func metricsText() async -> [UInt8] {
    var oldestPending: [String: Int64]?
    do { oldestPending = try await reader.oldestPendingRuns() } catch { oldestPending = nil }
    let page = MetricPage(
      status: await status(), journalLimit: dispatcher.current.value.configuration.journal.maxSize,
      oldestPending: oldestPending, refused: refusals.totals, streams: feeds.standings,
      now: RealTime.now.nanoseconds)
    return metrics.exposition(page.samples)
  }

  func retry(_ selection: RunSelection) async throws(ControlError) -> [RunChange] {
    try await ask { dispatcher, effects in try dispatcher.retry(selection, &effects) }
  }

  func discard(_ selection: RunSelection) async throws(ControlError) -> [RunChange] {
    try await ask { dispatcher, effects in try dispatcher.discard(selection, &effects) }
  }

  func replay(_ request: ReplayRequest) async throws(ControlError) -> ReplayResult {
    try await ask { dispatcher, effects in try dispatcher.replay(request, &effects) }
  }

  func publish(_ events: [Publication]) async throws(PublishRefusal) -> [PublishedEvent] {
    try await local.publish(events)
  }

  func setStatus(_ status: RequestedStatus, ofAction name: String?) async throws(ControlError) -> ActionStanding {
    try await ask { dispatcher, effects in try dispatcher.setStatus(status, ofAction: name, &effects) }
  }

  func actions(named name: String?) async throws(ControlError) -> [ActionFacts] {
    let chosen = dispatcher.current.value.configuration.actions.filter { name == nil || $0.name == name }
    guard !chosen.isEmpty else { return [] }
    var totals: [String: ActionTotals]?
    do { totals = try await reader.actionTotals(of: name) } catch { totals = nil }
    let (statuses, tallies, counts) = (board.statuses, board.tallies, board.counts.byAction)
    return chosen.map { action in
      let said = statuses[action.name]
      var facts = ActionFacts(
        ActionStanding(
          action: action.name, status: said?.word.rawValue ?? action.mode.rawValue,
          configured: action.mode.rawValue, since: said?.since),
        name: action.name, place: action.place)
      facts.written = action.written
      facts.command = action.command.words.map { String(decoding: $0, as: UTF8.self) }
      facts.parameters = action.parameters.map(\.description)
      if let tally = tallies[action.name] {
        (facts.matched, facts.lastMatch, facts.ended) = (tally.matched, tally.lastMatch, tally.ended)
      }
      if let count = counts[action.name] {
        (facts.pending, facts.running, facts.waiting) = (count.pending, count.running, count.waiting)
      }
      facts.totals = totals.map { $0[action.name] ?? ActionTotals() }
      return facts
    }
  }

  func matching(source: String) async -> Matching {
    let plan = dispatcher.current.value
    return Matching(plan.table, ignored: plan.reading(ofSource: source)?.ignore ?? [])
  }

  func groups() async -> EventGroups { dispatcher.current.value.configuration.groups }

  func confirmClock() async throws(ControlError) {
    try await ask { dispatcher, _ in try dispatcher.confirmClock() }
  }

  func reload() async throws(ControlError) -> ReloadReport { try await reloads.ask().get() }

  func unmatched(limit: Int) async -> [UnmatchedEvent] { unmatched.newest(limit) }

  func liveOutput(ofRun run: Int64, after offset: UInt64) async -> LiveOutput? {
    dispatcher.live.output(of: run, after: offset).map { output in
      LiveOutput(offset: output.offset, bytes: output.bytes, isEnded: output.isEnded)
    }
  }

  func actions(takingType type: String, source: String?) async -> [String] {
    let table = dispatcher.current.value.table
    return table.actions.enumerated().filter { number, action in
      action.mode != .disabled && action.events.takes(type: type)
        && (source.map { table.takes(number, source: $0) } ?? true)
    }.map(\.element.name)
  }

  func flushTypes() async {
    _ = try? await ask { dispatcher, _ in try dispatcher.storeTypesNow() }
  }

  /// Has something done on the journal's thread, in a transaction of its own.
  private func ask<Answer: Sendable>(
    _ work: @escaping @Sendable (Dispatcher, inout Effects) throws -> Answer
  ) async throws(ControlError) -> Answer {
    let result: Result<Answer, ControlError> = await withCheckedContinuation { continuation in
      let answer = OnceBox<Answer>()
      dispatcher.inputs.add(
        .asked(
          Request(
            perform: { dispatcher, effects in answer.set(try work(dispatcher, &effects)) },
            answer: { refusal in
              if let refusal {
                continuation.resume(returning: .failure(refusal))
              } else if let answer = answer.value {
                continuation.resume(returning: .success(answer))
              } else {
                continuation.resume(returning: .failure(.unavailable("the daemon is stopping")))
              }
            })))
    }
    return try result.get()
  }
}
