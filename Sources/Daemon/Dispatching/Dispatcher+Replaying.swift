// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import Logging
import Settings
import WebAPI

extension Dispatcher {
  /// How many events one replay may look at.
  static let replayLimit = 10_000

  /// Matches stored events with the present configuration, and makes new runs of them.
  func replay(_ request: ReplayRequest, _ effects: inout Effects) throws -> ReplayResult {
    if let action = request.action, actions[action] == nil {
      throw noAction(action)
    }
    let numbers = try events(of: request)
    var result = ReplayResult(isDryRun: request.dryRun, events: numbers.count, items: [], unmatched: [:])
    for number in numbers { try replay(number, request, &result, &effects) }
    if !request.dryRun { try tell(result, &effects) }
    return result
  }

  /// Tells of the events that were replayed.
  private func tell(_ result: ReplayResult, _ effects: inout Effects) throws(SQLiteError) {
    guard isWanted(.eventReplayed) else { return }
    let actions = Dictionary(grouping: result.items, by: \.event).mapValues { $0.map(\.action) }
    guard actions.count <= Self.toldOneByOne else {
      let facts: [String: OwnEvent.Fact] = [
        "events": .integer(Int64(actions.count)), "runs": .integer(Int64(result.items.count)),
        "actions": .texts(Array(Set(result.items.map(\.action)).sorted().prefix(Self.toldOneByOne))),
      ]
      return try tell(OwnEvent(.eventReplayed, facts), &effects)
    }
    for (number, names) in actions.sorted(by: { $0.key < $1.key }) {
      guard let event = try journal.writer.event(number) else { continue }
      var own = OwnEvent(
        .eventReplayed,
        [
          "event": .integer(number), "event_type": .text(event.type), "source": .text(event.source),
          "actions": .texts(names), "events": .integer(1), "runs": .integer(Int64(names.count)),
        ])
      own.name(event.subject, event.objects)
      try tell(own, &effects)
    }
  }

  private func events(of request: ReplayRequest) throws -> [Int64] {
    let numbers: [Int64]
    if let named = request.events {
      numbers = named
    } else {
      let pattern = request.type.map { EventPattern($0) }
      numbers = try journal.writer.events(
        since: request.since, until: request.until, limit: Self.replayLimit + 1,
        where: { pattern?.matches($0) ?? true })
    }
    guard numbers.count <= Self.replayLimit else {
      throw ControlError.refused("that are more than \(Self.replayLimit) events; name a shorter time")
    }
    return numbers
  }

  private func replay(
    _ number: Int64, _ request: ReplayRequest, _ result: inout ReplayResult, _ effects: inout Effects
  ) throws {
    guard let stored = try journal.writer.event(number) else {
      throw ControlError.notFound("there is no event \(number) in the journal")
    }
    // Replays of one event differ, whenever they are made.
    let salt = try "replay \(journal.writer.sequence)"
    let made: (event: NewEvent, runs: [NewRun])
    do {
      made = try withEvent(number, source: stored.source) { event in
        let intake = EventRecord(source: stored.source, settle: .journal)
        let matches = matches(of: event, action: request.action)
        return (
          intake.newEvent(event, result: .matched, runs: []),
          matches.map { settled(intake.newRun(of: $0, for: event, salt: salt)) }
        )
      }
    } catch let failure as DecodingFailure {
      result.unmatched[number] = "it cannot be decoded: \(failure)"
      return
    }
    guard !made.runs.isEmpty else {
      result.unmatched[number] = request.action.map { "\($0) does not take it" } ?? "no action takes it"
      return
    }
    var queued: [QueuedRun] = []
    if !request.dryRun {
      if stored.result != .matched { try journal.writer.redecoded(number, as: made.event) }
      queued = try journal.writer.add(made.runs, toEvent: number, at: RealTime.now.nanoseconds, isReplay: true)
    }
    for (index, run) in made.runs.enumerated() {
      let placed = queued.indices.contains(index) ? queued[index] : nil
      result.items.append(
        ReplayResult.Item(
          event: number, type: made.event.type, action: run.action, run: placed?.number,
          runID: placed.map { _ in hexadecimal(run.id) }, state: run.state.rawValue))
      guard let placed else { continue }
      let label = RunLabel(id: hexadecimal(run.id), event: number, eventType: made.event.type, action: run.action)
      guard run.state == .pending else {
        note(run, label, &effects)
        continue
      }
      effects.counts.add(run.action, pending: 1)
      if placed.isHead { state.windows.add(placed) }
      try join(placed.number)
      effects.notes.append { [log] in log.decided(label, "event replayed") }
    }
  }

  private func matches(of event: Event, action: String?) -> [Action] {
    var indexes: [Int] = []
    matcher.match(event, into: &indexes)
    let matched = indexes.map { matcher.table.actions[$0] }
    return action.map { name in matched.filter { $0.name == name } } ?? matched
  }
}
