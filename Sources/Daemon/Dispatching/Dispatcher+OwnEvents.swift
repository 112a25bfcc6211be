// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import Logging
import Scripts
import Settings

/// The daemon's own events: each is made in the transaction of what it tells of, so that none is lost or doubled.
extension Dispatcher {
  /// How many things of one decision are told one by one; of more there is one event, which says how many.
  static let toldOneByOne = 100
  /// Bytes of each stream of a script that an event repeats, its last ones.
  static let toldOutput = 1 << 10

  /// Whether an event of a type is to be made: those that nobody asks for can be left out.
  func isWanted(_ type: OwnEventType) -> Bool {
    plan.namedOwnEvents.contains(type) || type.isAlwaysStored && configuration.journal.ownEvents == .all
  }

  /// Makes an own event, within a transaction.
  func tell(_ own: OwnEvent, _ effects: inout Effects) throws(SQLiteError) {
    guard isWanted(own.type) else { return }
    guard let (event, envelope) = try record(own) else {
      effects.notes.append { [logger] in
        logger.error("own event cannot be made", metadata: [LogKey.eventType: "\(own.type.rawValue)"])
      }
      return
    }
    guard !event.runs.isEmpty || own.type.isAlwaysStored else { return }
    if case .new(let number, let runs) = try journal.writer.accept(event) {
      _ = try enter(event, envelope, as: number, runs, &effects)
    }
  }

  /// Decodes and matches an own event as one that came; without what scripts printed where that cannot be decoded.
  private func record(_ own: OwnEvent) throws(SQLiteError) -> (event: NewEvent, envelope: Envelope)? {
    var envelope = Envelope(source: OwnEventType.source)
    envelope.routingKey = own.type.rawValue
    envelope.received = RealTime.now.nanoseconds
    let salt = try "own \(journal.writer.sequence)"
    var bare = own
    for name in ["stdout", "stderr", "reason", "problems"] { bare.facts[name] = nil }
    for own in [own, bare] {
      let body = own.body(at: envelope.received)
      let made = body.withUnsafeBytes { bytes -> NewEvent? in
        guard let event = try? decoder(ofSource: OwnEventType.source).decode(bytes, envelope) else { return nil }
        return newEvent(own, event, salt: salt)
      }
      if let made { return (made, envelope) }
    }
    return nil
  }

  private func newEvent(_ own: OwnEvent, _ event: Event, salt: String) -> NewEvent {
    let record = EventRecord(source: OwnEventType.source, settle: .journal)
    var indexes: [Int] = []
    matcher.match(event, into: &indexes)
    var runs: [NewRun] = []
    var refused: [String] = []
    for action in indexes.map({ matcher.table.actions[$0] }) {
      if own.chain.contains(action.name) || own.chain.count > OwnEvent.longestChain {
        refused.append(action.name)
      } else {
        runs.append(settled(record.newRun(of: action, for: event, salt: salt)))
      }
    }
    types.count(event.type, event, isMatched: !runs.isEmpty)
    var new = record.newEvent(event, result: runs.isEmpty ? .unmatched : .matched, runs: runs)
    new.cause = own.cause
    if !refused.isEmpty { new.reason = reason(own, notGivenTo: refused) }
    return new
  }

  /// Why actions are not given an event that their own runs led to; told in the log once for each of them.
  private func reason(_ own: OwnEvent, notGivenTo names: [String]) -> String {
    let list = names.joined(separator: ", ")
    let reason =
      own.chain.count > OwnEvent.longestChain
      ? "not given to \(list): \(own.chain.count) runs led to it, one because of the other, and \(OwnEvent.longestChain) "
        + "are the most" : "not given to \(list): a run of its own led to it"
    for name in names where toldLoops.insert(name).inserted {
      logger.warning(
        "own event is not given to an action, which would answer to itself; this is said once",
        metadata: [
          LogKey.action: "\(name)", LogKey.eventType: "\(own.type.rawValue)", LogKey.reason: "\(reason)",
          "chain": "\(own.chain.joined(separator: " < "))",
        ])
    }
    return reason
  }

  /// How much is kept while the journal cannot be written before own events are left out.
  static let heldBack = 10_000

  func note(lost own: OwnEvent) {
    logger.warning(
      "own event is lost: the journal cannot be written", metadata: [LogKey.eventType: "\(own.type.rawValue)"])
  }

  func tellRecovered(_ trouble: String) {
    let since = journal.troubleSince.map { OwnEvent.Fact.text(Event.instant($0)) } ?? .null
    inputs.add(.happened(OwnEvent(.journalRecovered, ["reason": .text(trouble.cut), "since": since])))
  }

  // MARK: Runs

  /// Tells of a run.
  func tell(
    _ type: OwnEventType, of run: RunRecord, as state: RunState, _ completion: Completion? = nil,
    reason: String? = nil, _ effects: inout Effects
  ) throws(SQLiteError) {
    guard isWanted(type), let event = try journal.writer.event(run.event) else { return }
    var own = OwnEvent(
      type,
      [
        "run": .integer(run.number), "run_id": .text(run.id), "action": .text(run.action),
        "state": .text(state.rawValue), "event": .integer(run.event), "event_type": .text(run.eventType),
        "source": .text(run.source), "attempts": .integer(run.attempts), "reason": .optional(reason?.cut),
        "runs": .integer(1),
      ], cause: run.number)
    own.name(event.subject, event.objects)
    if let completion {
      let end = AttemptEnd(completion, at: 0)
      own.facts["attempts"] = .integer(run.attempts + 1)
      own.facts["outcome"] = .text(end.outcome)
      own.facts["code"] = .optional(end.code)
      own.facts["reason"] = .optional((reason ?? end.reason)?.cut)
      own.facts["stdout"] = .text(completion.standardOutput.end(Self.toldOutput))
      own.facts["stderr"] = .text(completion.standardError.end(Self.toldOutput))
    }
    own.chain = [run.action] + (try chain(ofEvent: run.event, source: event.source, type: event.type))
    own.chain = Array(own.chain.prefix(OwnEvent.longestChain + 1))
    try tell(own, &effects)
  }

  /// Tells of what became of several runs of one action, of which the first are at hand.
  func tell(
    _ type: OwnEventType, of runs: [RunRecord], count: Int, as state: RunState, reason: String?,
    _ effects: inout Effects
  ) throws(SQLiteError) {
    guard count > Self.toldOneByOne else {
      for run in runs { try tell(type, of: run, as: state, reason: reason, &effects) }
      return
    }
    try tellMany(type, action: runs.first?.action, count: count, as: state, reason: reason, &effects)
  }

  /// Tells of many runs at once.
  func tellMany(
    _ type: OwnEventType, action: String?, count: Int, as state: RunState, reason: String?, _ effects: inout Effects
  ) throws(SQLiteError) {
    let facts: [String: OwnEvent.Fact] = [
      "action": .optional(action), "state": .text(state.rawValue), "runs": .integer(Int64(count)),
      "reason": .optional(reason?.cut),
    ]
    try tell(OwnEvent(type, facts), &effects)
  }

  /// The actions whose runs led to an event; none for one from outside.
  private func chain(ofEvent number: Int64, source: String, type: String) throws(SQLiteError) -> [String] {
    guard source == OwnEventType.source, OwnEventType.isOwn(type) else { return [] }
    do {
      return try withEvent(number, source: source, \.chain)
    } catch let error as SQLiteError {
      throw error
    } catch {
      // It was read when it was made; as long as nothing is known of it, nothing answers to it.
      return Array(repeating: "", count: OwnEvent.longestChain)
    }
  }
}

extension OwnEvent {
  /// Longer ones are left out: the event that is told of has them.
  private static let longestName = 4 << 10

  /// Takes over what another event names.
  mutating func name(_ subject: String?, _ objects: String) {
    if let subject, subject.utf8.count <= Self.longestName { facts["subject"] = .text(subject) }
    facts["objects"] = .written(Array((objects.utf8.count <= Self.longestName ? objects : "{}").utf8))
  }
}

extension String {
  /// Not more than 2 KiB, for events that repeat it.
  var cut: String { utf8.count <= 2048 ? self : String(decoding: utf8.prefix(2045), as: UTF8.self) + "…" }
}

extension KeptOutput {
  /// The last bytes of what was printed, as text.
  fileprivate func end(_ limit: Int) -> String {
    let all = tail.count >= limit || dropped > 0 ? tail : head + tail
    // From the beginning of a character on.
    return String(decoding: all.suffix(limit).drop { $0 & 0xc0 == 0x80 }, as: UTF8.self)
  }
}
