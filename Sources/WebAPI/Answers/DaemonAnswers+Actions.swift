// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

/// The actions, what they make of an event, and the groups.
extension DaemonAnswers {
  func actions() async throws(Problem) -> Reply {
    let all = try await having { () async throws(ControlError) in try await control.actions(named: nil) }
    return Reply(.object([("actions", .list(all.map(\.json)))]))
  }

  func action(_ name: String) async throws(Problem) -> Reply {
    let found = try await having { () async throws(ControlError) in try await control.actions(named: name) }
    guard let action = found.first else {
      throw Problem(.notFound, "there is no action \(name) in the configuration that holds now")
    }
    return Reply(action.json)
  }

  /// Says what counts for an action, or with nil for all of them: `{"status": "suspended"}`, `enabled`, `observe`, or
  /// `default` (or null) for what the file says.
  func setStatus(ofAction action: String?, _ body: [UInt8]) async throws(Problem) -> Reply {
    let request = try RequestBody(body, known: ["status"])
    let status: RequestedStatus
    if request.isNull("status") {
      status = .default
    } else {
      let text = try request.text("status") ?? ""
      guard let known = RequestedStatus(rawValue: text) else {
        throw Problem.invalid("status", text, expected: "enabled, suspended, observe or default")
      }
      status = known
    }
    let standing = try await having { () async throws(ControlError) in
      try await control.setStatus(status, ofAction: action)
    }
    return Reply(.object(standing.members))
  }

  /// Why each action takes a stored event or does not, by the configuration that holds now, and what it would run.
  func matches(ofEvent text: String) async throws(Problem) -> Reply {
    let number = try HistoryAnswers.eventNumber(text)
    guard let event = try await asking({ () async throws(JournalError) in try await history.journal.event(number) })
    else {
      throw Problem(.notFound, "there is no event \(number): it never was, or is older than what the journal keeps")
    }
    guard
      let content = try await asking({ () async throws(JournalError) in
        try await history.journal.content(ofEvent: number)
      })
    else { throw Problem(.notFound, "the content of event \(number) is no longer kept") }
    let matching = await control.matching(source: event.source)
    let explained = history.withDecoded(
      source: event.source, envelope: content.envelope, body: content.body, received: event.received
    ) { event in
      JSONTree.written(Array(Explanation(event, matching.table, ignored: matching.ignored).json(withWorld: false).utf8))
    }
    guard let explained else {
      throw Problem(.refused, "event \(number) cannot be decoded by its source's settings, so no action can take it")
    }
    return Reply(.object([("event", .integer(number)), ("explanation", explained)]))
  }

  func groups() async -> Reply {
    let groups = await control.groups().groups
    return Reply(
      .object([
        (
          "groups",
          .list(
            groups.map { group in
              .object([
                ("group", .text(group.name)), ("level", .text(group.level.rawValue)),
                ("shipped", .boolean(group.isShipped)),
                (
                  "events",
                  .list((group.patterns.map(\.description) + group.regexes.map(\.description)).map(JSONTree.text))
                ),
              ])
            })
        )
      ]))
  }
}

extension ActionStanding {
  var members: [(key: String, value: JSONTree)] {
    [
      ("action", .optional(action)), ("status", .text(status)), ("configured", .optional(configured)),
      ("since", .optional(since, JSONTree.instant)),
    ]
  }
}

extension ActionFacts {
  fileprivate var json: JSONTree {
    let ended = RunState.allCases.filter(\.isEnded)
    let sinceStart = ended.map { ($0.rawValue, JSONTree.integer(Int64(self.ended[$0] ?? 0))) }
    let recorded = totals.map { totals in
      JSONTree.object((ended + [.held]).map { ($0.rawValue, .integer(totals.counts[$0] ?? 0)) })
    }
    return .object(
      standing.members + [
        ("place", .text(place)), ("written", .object(written.map { ($0.key, .text($0.value)) })),
        ("command", .list(command.map(JSONTree.text))), ("parameters", .list(parameters.map(JSONTree.text))),
        ("matched", .integer(Int64(matched))), ("last_match", .optional(lastMatch, JSONTree.instant)),
        ("never_matched", .boolean(matched == 0)), ("pending", .integer(Int64(pending))),
        ("running", .integer(Int64(running))), ("waiting", .integer(Int64(waiting))),
        ("since_start", .object(sinceStart)), ("journal", recorded ?? .null),
        ("last_run", .optional(totals?.last) { .object($0.members) }),
        ("last_failure", .optional(totals?.lastFailure) { .object($0.members) }),
      ])
  }
}
