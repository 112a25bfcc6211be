// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import Logging
import Settings

/// Sorts one source's events: decodes and matches them, counts what has to be counted, and makes what the journal takes.
///
/// Owned by one thread or actor, which brings the bodies.
final class EventSorter {
  /// What a configuration says of a source's events, apart from how they are brought.
  struct Work: Sendable {
    let table: ActionTable
    let reading: EventReading
    /// Whether events that nothing matches are stored, too.
    var recordsAll: Bool

    init(_ reading: EventReading, _ plan: Plan) {
      table = plan.table
      self.reading = reading
      recordsAll = plan.configuration.journal.record == .all
    }
  }

  /// What becomes of an event.
  enum Sorted {
    case ignored
    /// Matched by nothing, and not stored.
    case unmatched
    case kept(NewEvent)
  }

  private(set) var decoder: EventDecoder
  private var matcher: Matcher
  private var work: Work
  private let record: EventRecord
  private let unmatched: UnmatchedEvents
  private let types: SeenTypes
  private let metrics: SourceMetrics
  private let logger: Logger
  private let pause: () -> Void
  private var names = TypeNames()
  private var matches: [Int] = []
  private var regexLimitHits = 0

  /// Prepares to sort; `pause` is called between the steps of long work.
  init(
    _ work: Work, record: EventRecord, unmatched: UnmatchedEvents, types: SeenTypes, metrics: SourceMetrics,
    logger: Logger, pause: @escaping () -> Void = {}
  ) {
    self.work = work
    self.record = record
    self.unmatched = unmatched
    self.types = types
    self.metrics = metrics
    self.logger = logger
    self.pause = pause
    decoder = EventDecoder(work.reading.mapping, inflatedLimit: work.reading.maxMessageSize)
    matcher = Matcher(work.table, pause: pause)
  }

  /// Goes on with other settings of its source.
  func adopt(_ next: Work) {
    work = next
    decoder = EventDecoder(next.reading.mapping, inflatedLimit: next.reading.maxMessageSize)
    matcher = Matcher(next.table, pause: pause)
    regexLimitHits = 0
  }

  /// Sorts an event that this sorter's decoder has decoded.
  ///
  /// Events without an identity are told apart by when they came, and those of one moment by `number`.
  func sort(_ event: Event, number: UInt64) -> Sorted {
    let type = event.withType { names.name($0) }
    guard !isIgnored(event) else { return .ignored }
    matches.removeAll(keepingCapacity: true)
    matcher.match(event, into: &matches)
    reportLimitHits(event)
    types.count(type, event, isMatched: !matches.isEmpty)
    guard !matches.isEmpty else { return discard(event, type) }
    var runs: [NewRun] = []
    let salt = event.identity == nil ? "\(number)" : ""
    for index in matches {
      pause()
      runs.append(record.newRun(of: matcher.table.actions[index], for: event, salt: salt))
    }
    return .kept(record.newEvent(event, result: .matched, runs: runs))
  }

  private func discard(_ event: Event, _ type: String) -> Sorted {
    logger.debug("event matched no action", metadata: facts(of: event))
    event.withBody { unmatched.add(type: type, event.envelope, body: $0) }
    return work.recordsAll ? .kept(record.newEvent(event, result: .unmatched, runs: [])) : .unmatched
  }

  private func isIgnored(_ event: Event) -> Bool {
    let ignored = work.reading.ignore
    return !ignored.isEmpty && event.withType { type in ignored.contains { $0.matches(type) } }
  }

  private func reportLimitHits(_ event: Event) {
    let hits = matcher.regexLimitHits - regexLimitHits
    guard hits > 0 else { return }
    regexLimitHits = matcher.regexLimitHits
    metrics.countRegexLimitHits(hits)
    logger.warning(
      "a regular expression hit its match limit: counted as no match",
      metadata: facts(of: event, [LogKey.reason: "\(hits) of this event's conditions took more than the match limit"]))
  }

  private func facts(of event: Event, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
    var facts = more
    facts[LogKey.eventType] = "\(event.type)"
    facts[LogKey.eventID] = "\(event.id?.prefix(200) ?? "-")"
    return facts
  }
}
