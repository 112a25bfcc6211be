// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

extension HistoryAnswers {
  /// The parameters that restrict a list of events.
  static let eventParameters = [
    "type", "object", "subject", "source", "result", "action", "state", "since", "until", "before", "after", "limit",
    "runs",
  ]

  /// Events, newest first; oldest first where `after` is given.
  ///
  /// With `runs=true` each row has its runs.
  package func events(_ parameters: RequestParameters) async throws(Problem) -> Reply {
    let query = try Self.eventQuery(parameters)
    let withRuns = try parameters.flag("runs")
    let events = try await asking { () async throws(JournalError) in try await journal.events(query) }
    let document = JSONDocument()
    var rows: [JSONTree] = []
    for event in events {
      var members = event.members(document)
      if withRuns { members.append(("runs", try await runs(ofEvent: event.number))) }
      rows.append(.object(members))
    }
    var next: String?
    if let last = events.last, events.count == query.limit {
      let name = query.after == nil ? "before" : "after"
      next = "/api/v1/events?\(parameters.replacing(name, String(last.number)).encoded)"
    }
    return Reply(.object([("events", .list(rows))]), next: next)
  }

  static func eventQuery(_ parameters: RequestParameters) throws(Problem) -> EventQuery {
    try parameters.check(known: eventParameters)
    var query = EventQuery()
    query.type = try parameters.text("type")
    if let object = try parameters.text("object") { query.object = try objectName(object) }
    query.subject = try parameters.text("subject")
    query.source = try parameters.text("source")
    query.result = try parameters.choice("result")
    query.action = try parameters.text("action")
    query.state = try parameters.choice("state")
    query.since = try parameters.instant("since")
    query.until = try parameters.instant("until")
    query.before = try parameters.number("before")
    query.after = try parameters.number("after")
    if let limit = try parameters.number("limit", in: limits) { query.limit = Int(limit) }
    return query
  }

  /// `node:n-1`, `node=n-1`, or `n-1` for an object of any kind.
  static func objectName(_ text: String) throws(Problem) -> (kind: String?, name: String) {
    guard let separator = text.firstIndex(where: { $0 == ":" || $0 == "=" }) else { return (nil, text) }
    let (kind, name) = (text[..<separator], text[text.index(after: separator)...])
    guard !name.isEmpty else {
      throw Problem.invalid("object", text, expected: "KIND:NAME, or the name alone")
    }
    return (kind.isEmpty ? nil : String(kind), String(name))
  }

  private func runs(ofEvent number: Int64) async throws(Problem) -> JSONTree {
    var query = RunQuery()
    query.event = number
    query.limit = Int(Self.limits.upperBound)
    let runs = try await asking { () async throws(JournalError) in try await journal.runs(query) }
    return .list(runs.map { .object($0.members) })
  }

  /// An event with its runs, its envelope, its body as received, and what the body says when it is decoded.
  package func event(_ text: String) async throws(Problem) -> Reply {
    let number = try Self.eventNumber(text)
    guard let event = try await asking({ () async throws(JournalError) in try await journal.event(number) }) else {
      throw Problem(.notFound, "there is no event \(number): it never was, or is older than what the journal keeps")
    }
    let content = try await asking { () async throws(JournalError) in try await journal.content(ofEvent: number) }
    let document = JSONDocument()
    var members = event.members(document)
    members.append(("runs", try await runs(ofEvent: number)))
    if let content {
      members += contentMembers(
        source: event.source, envelope: content.envelope, body: content.body, received: event.received, document)
    }
    return Reply(.object(members))
  }

  func contentMembers(
    source: String, envelope: [UInt8], body: [UInt8], received: Int64, _ document: JSONDocument
  ) -> [(key: String, value: JSONTree)] {
    let decoded = withDecoded(source: source, envelope: envelope, body: body, received: received) { event in
      JSONTree.written(event.normalizedJSON())
    }
    return [("envelope", .stored(envelope, document)), ("body", .bytes(body)), ("decoded", decoded ?? .null)]
  }
}
