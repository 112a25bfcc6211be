// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import Logging
import Settings
import WebAPI

/// Takes the events that are published to the daemon itself: decodes and matches them as another source's, and hands them
/// to the dispatcher, which stores them with whatever else comes at that time.
///
/// Each is stored, whether anything matches it or not: its publisher was told so.
actor LocalIntake {
  /// Bytes of events that were taken and are not yet durable; each is counted with what it costs beside its body.
  static let inFlightLimit = 64 << 20
  private static let overhead = 2_048

  private let current: CurrentPlan
  private let inputs: InputQueue<DispatchInput>
  private let board: DaemonBoard
  private let unmatched: UnmatchedEvents
  private let types: SeenTypes
  private let metrics: DaemonMetrics
  private let logger: Logger
  /// What the last event was sorted by, as long as that configuration holds.
  private var latest: (revision: String, source: LocalSourceSettings, sorter: EventSorter)?
  private var inFlight = 0

  init(
    current: CurrentPlan, inputs: InputQueue<DispatchInput>, board: DaemonBoard, unmatched: UnmatchedEvents,
    types: SeenTypes, metrics: DaemonMetrics, logger: Logger
  ) {
    self.current = current
    self.inputs = inputs
    self.board = board
    self.unmatched = unmatched
    self.types = types
    self.metrics = metrics
    self.logger = logger
  }

  /// Stores events, all together or none; returns once they are durable.
  func publish(_ publications: [Publication]) async throws(PublishRefusal) -> [PublishedEvent] {
    let (source, sorter) = sorting()
    try checkRoom(source)
    let size = publications.reduce(0) { $0 + $1.body.count + Self.overhead }
    // One alone may have any size that a request may have.
    guard inFlight == 0 || inFlight + size <= Self.inFlightLimit else {
      throw .busy("\(inFlight) bytes of events are being stored; publish again when they are")
    }
    inFlight += size
    defer { inFlight -= size }
    var (events, arrivals) = try take(publications, source, sorter)
    let stored = arrivals.isEmpty ? [] : try await store(arrivals.map(\.arrival))
    for (place, result) in zip(arrivals.map(\.place), stored) {
      events[place].number = result.number
      events[place].isDuplicate = result.isDuplicate
    }
    return events
  }

  private func checkRoom(_ source: LocalSourceSettings) throws(PublishRefusal) {
    guard source.isEnabled else {
      throw .off("the local source is switched off: [source:\(source.name)] says 'enabled = no'")
    }
    guard !board.isStopping else { throw .unavailable("the daemon is stopping") }
    if let trouble = board.trouble { throw .unavailable("the journal does not record: \(trouble)") }
    if let hold = board.hold { throw .busy("no events are taken at present: \(hold)") }
  }

  private func sorting() -> (source: LocalSourceSettings, sorter: EventSorter) {
    let plan = current.value
    if let latest, latest.revision == plan.configuration.revision { return (latest.source, latest.sorter) }
    let source = plan.configuration.local
    var logger = logger
    logger[metadataKey: LogKey.source] = "\(source.name)"
    var work = EventSorter.Work(source.reading, plan)
    work.recordsAll = true
    let sorter = EventSorter(
      work, record: EventRecord(source: source.name, settle: .journal), unmatched: unmatched, types: types,
      metrics: metrics.source(source.name), logger: logger)
    latest = (plan.configuration.revision, source, sorter)
    return (source, sorter)
  }

  /// Decodes all of them before anything is counted: one that is none refuses the rest, too.
  private func take(
    _ publications: [Publication], _ source: LocalSourceSettings, _ sorter: EventSorter
  ) throws(PublishRefusal) -> (events: [PublishedEvent], arrivals: [(place: Int, arrival: Arrival)]) {
    defer { sorter.decoder.trim() }
    for (index, publication) in publications.enumerated() {
      guard publication.body.count <= source.maxMessageSize else {
        throw .tooLarge(
          index,
          "the event has \(publication.body.count) bytes, more than max_message_size of [source:\(source.name)], "
            + "\(source.maxMessageSize)")
      }
      // What is no CloudEvent was made here, and can be decoded.
      guard publication.contentType != Envelope.localContentType else { continue }
      try Self.decode(publication, Envelope(publication, source: source.name), index, sorter.decoder) { _ in }
    }
    var events: [PublishedEvent] = []
    var arrivals: [(place: Int, arrival: Arrival)] = []
    let metrics = metrics.source(source.name)
    for (index, publication) in publications.enumerated() {
      metrics.countDelivery()
      let envelope = Envelope(publication, source: source.name)
      try Self.decode(publication, envelope, index, sorter.decoder) { event in
        var published = PublishedEvent(
          number: nil, id: event.id ?? "", type: event.type, time: event.time ?? Event.instant(envelope.received),
          result: .ignored)
        switch sorter.sort(event, number: 0) {
        case .ignored, .unmatched: metrics.count(.ignored)
        case .kept(let new):
          published.result = new.result == .matched ? .matched : .unmatched
          arrivals.append((index, Arrival(event: new, envelope: event.envelope, receipt: nil)))
        }
        events.append(published)
      }
    }
    return (events, arrivals)
  }

  private static func decode(
    _ publication: Publication, _ envelope: Envelope, _ index: Int, _ decoder: EventDecoder, _ use: (Event) -> Void
  ) throws(PublishRefusal) {
    let failure = publication.body.withUnsafeBytes { body -> DecodingFailure? in
      do throws(DecodingFailure) {
        use(try decoder.decode(body, envelope))
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw .invalid(index, "\(failure)") }
  }

  private func store(_ arrivals: [Arrival]) async throws(PublishRefusal) -> [PublishedBatch.Stored] {
    let result = await withCheckedContinuation { continuation in
      inputs.add(.published(PublishedBatch(arrivals: arrivals) { continuation.resume(returning: $0) }))
    }
    return try result.get()
  }
}

extension Envelope {
  /// The envelope of a publication, received now, with an id for one that names none itself.
  fileprivate init(_ publication: Publication, source: String) {
    self.init(source: source)
    contentType = publication.contentType
    headers = publication.headers
    received = RealTime.now.nanoseconds
    guard !publication.isNamed else { return }
    var random = SystemRandomNumberGenerator()
    messageID = hexadecimal((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) })
  }
}
