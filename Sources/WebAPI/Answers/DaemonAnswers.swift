// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

/// What only a running daemon can answer or do.
struct DaemonAnswers: Sendable {
  let history: HistoryAnswers
  let control: any DaemonControl

  // MARK: Looking

  func status() async -> Reply { Reply(await control.status().json) }

  /// Good while the process does its work at all; when it does not, a restart is the cure.
  func liveness() async throws(Problem) -> Reply {
    let stuck = await control.status().stuck
    guard stuck.isEmpty else { throw Problem(.notReady, stuck.joined(separator: "; ")) }
    return Reply(.object([("status", .text("alive"))]))
  }

  /// Good while what is delivered can be taken: the configuration is valid, the journal is written, and nobody has
  /// asked the daemon to stop.
  ///
  /// Not that a broker is there: it may come and go, and a restart does not bring it.
  func readiness() async throws(Problem) -> Reply {
    let status = await control.status()
    var reasons = status.stuck
    if status.isStopping { reasons.append("the daemon is stopping") }
    if let trouble = status.journalTrouble { reasons.append("the journal does not record: \(trouble)") }
    guard reasons.isEmpty else { throw Problem(.notReady, reasons.joined(separator: "; ")) }
    return Reply(.object([("status", .text("ready"))]))
  }

  func metrics() async -> Reply {
    Reply(await control.metricsText(), contentType: "text/plain; version=0.0.4; charset=utf-8")
  }

  /// The last events that matched nothing, newest first.
  func unmatched(_ parameters: RequestParameters) async throws(Problem) -> Reply {
    try parameters.check(known: ["type", "source", "limit"])
    let pattern = try parameters.text("type").map(EventPattern.init)
    let source = try parameters.text("source")
    let limit = try parameters.number("limit", in: HistoryAnswers.limits) ?? 50
    let events = await control.unmatched(limit: Int(HistoryAnswers.limits.upperBound))
    let chosen = events.filter { event in
      (source == nil || event.source == source) && pattern?.matches(event.type) ?? true
    }
    return Reply(.object([("events", .list(chosen.prefix(Int(limit)).map { .object($0.members) }))]))
  }

  func unmatched(_ text: String) async throws(Problem) -> Reply {
    let events = await control.unmatched(limit: Int(HistoryAnswers.limits.upperBound))
    guard let number = UInt64(text) else {
      throw Problem.invalid("event", text, expected: "the number of an unmatched event")
    }
    guard let event = events.first(where: { $0.number == number }) else {
      throw Problem(
        .notFound, "there is no unmatched event \(number): only the last are kept, in memory, since the daemon's start")
    }
    let content = history.contentMembers(
      source: event.source, envelope: event.envelope, body: event.body, received: event.received, JSONDocument())
    return Reply(.object(event.members + content))
  }

  /// What a running script printed since an offset, and how its run is.
  func output(ofRun text: String, _ parameters: RequestParameters) async throws(Problem) -> Reply {
    try parameters.check(known: ["after"])
    let after = UInt64(try parameters.number("after") ?? 0)
    let number = try await history.run(named: text).number
    let live = await control.liveOutput(ofRun: number, after: after)
    // Read after the output, so that a state that is an end means that nothing more comes.
    let run = try await history.run(named: String(number))
    let offset = live?.offset ?? after
    let bytes = live?.bytes ?? []
    return Reply(
      .object([
        ("run", .integer(run.number)), ("run_id", .text(run.id)), ("event", .integer(run.event)),
        ("state", .text(run.state.rawValue)), ("attempt", .integer(run.attempts)),
        ("live", .boolean(live.map { !$0.isEnded } ?? false)), ("offset", .integer(Int64(clamping: offset))),
        ("next", .integer(Int64(clamping: offset.addingReportingOverflow(UInt64(bytes.count)).partialValue))),
        ("output", .bytes(bytes)),
      ]))
  }

  /// Every type seen, with the actions that take it; with `fields=true` what its sample holds, with `sample=true` the
  /// sample itself.
  func types(_ parameters: RequestParameters) async throws(Problem) -> Reply {
    try parameters.check(known: ["type", "fields", "sample"])
    let pattern = try parameters.text("type").map(EventPattern.init)
    let (withFields, withSample) = (try parameters.flag("fields"), try parameters.flag("sample"))
    await control.flushTypes()
    let types = try await asking { () async throws(JournalError) in try await history.journal.types() }
    let document = JSONDocument()
    var rows: [JSONTree] = []
    for type in types where pattern?.matches(type.name) ?? true {
      let actions = await control.actions(takingType: type.name, source: type.source)
      var members = type.members
      members.append(("actions", .list(actions.map(JSONTree.text))))
      if withFields { members.append(("fields", fields(of: type))) }
      if withSample {
        members.append(("envelope", .optional(type.envelope) { .stored($0, document) }))
        members.append(("sample", .optional(type.sample, JSONTree.bytes)))
      }
      rows.append(.object(members))
    }
    return Reply(.object([("types", .list(rows))]))
  }

  /// The paths of the sample that came last; null where there is none, or it cannot be decoded.
  private func fields(of type: StoredType) -> JSONTree {
    guard let sample = type.sample else { return .null }
    let fields = history.withDecoded(
      source: type.source ?? "default", envelope: type.envelope ?? Array("{}".utf8), body: sample, received: type.last
    ) { event in
      JSONTree.list(
        event.addressablePaths().map { path, value in
          .object([("path", .text(path)), ("type", .text(value.jsonType))])
        })
    }
    return fields ?? .null
  }
}
