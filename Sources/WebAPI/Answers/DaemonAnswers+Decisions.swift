// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

/// A person's decisions.
extension DaemonAnswers {
  enum Decision {
    case retry, discard
  }

  /// Retries or discards what a body selects: `{"runs": […]}`, or `{"failed": true}` with or without `"action"`.
  func decide(_ decision: Decision, _ body: [UInt8]) async throws(Problem) -> Reply {
    let request = try RequestBody(body, known: ["runs", "failed", "action"])
    let names = try request.references("runs")
    let failed = try request.flag("failed") ?? false
    let action = try request.text("action")
    guard failed != (names != nil) else {
      throw Problem(
        .invalid, "the body selects nothing that is clear; say either {\"runs\": [NUMBER, …]} or {\"failed\": true}",
        field: "runs")
    }
    guard let names else { return try await decide(decision, .failed(action: action)) }
    guard action == nil else {
      throw Problem(.invalid, "action goes with failed only: runs are named one by one", field: "action")
    }
    return try await decide(decision, named: names)
  }

  func decide(_ decision: Decision, named names: [String]) async throws(Problem) -> Reply {
    var numbers: [Int64] = []
    for name in names {
      let number = try await history.run(named: name).number
      if !numbers.contains(number) { numbers.append(number) }
    }
    return try await decide(decision, .runs(numbers))
  }

  private func decide(_ decision: Decision, _ selection: RunSelection) async throws(Problem) -> Reply {
    let changes = try await having { () async throws(ControlError) in
      switch decision {
      case .retry: try await control.retry(selection)
      case .discard: try await control.discard(selection)
      }
    }
    return Reply(
      .object([
        (
          "changed",
          .list(
            changes.map { change in
              .object([
                ("run", .integer(change.number)), ("run_id", .text(change.id)), ("from", .text(change.from)),
                ("to", .text(change.to)),
              ])
            })
        )
      ]))
  }

  /// Replays what a body selects; dry unless it says otherwise or names exactly one event.
  func replay(_ body: [UInt8]) async throws(Problem) -> Reply {
    let request = try RequestBody(body, known: ["events", "since", "until", "type", "action", "dry_run"])
    let events = try request.numbers("events")
    let since = try request.instant("since")
    guard (events == nil) != (since == nil) else {
      throw Problem(
        .invalid,
        "the body selects nothing that is clear; say either {\"events\": [NUMBER, …]} or {\"since\": INSTANT}",
        field: "events")
    }
    let until = try request.instant("until")
    guard until == nil || since != nil else {
      throw Problem(.invalid, "until goes with since only", field: "until")
    }
    let isDry = try request.flag("dry_run") ?? (events?.count != 1)
    return try await replay(
      ReplayRequest(
        events: events, since: since, until: until, type: try request.text("type"),
        action: try request.text("action"), dryRun: isDry))
  }

  /// Replays one event; for good, unless the body says `"dry_run": true`.
  func replay(event text: String, _ body: [UInt8]) async throws(Problem) -> Reply {
    let request = try RequestBody(body, known: ["action", "dry_run"])
    return try await replay(
      ReplayRequest(
        events: [try HistoryAnswers.eventNumber(text)], since: nil, until: nil, type: nil,
        action: try request.text("action"), dryRun: try request.flag("dry_run") ?? false))
  }

  private func replay(_ request: ReplayRequest) async throws(Problem) -> Reply {
    Reply(try await having { () async throws(ControlError) in try await control.replay(request) }.json)
  }

  func reload() async throws(Problem) -> Reply {
    let report = try await having { () async throws(ControlError) in try await control.reload() }
    func names(_ names: [String]) -> JSONTree { .list(names.map(JSONTree.text)) }
    return Reply(
      .object([
        ("revision", .text(report.revision)), ("added", names(report.addedActions)),
        ("changed", names(report.changedActions)), ("removed", names(report.removedActions)),
        ("connected", names(report.connectedSources)), ("disconnected", names(report.disconnectedSources)),
      ]))
  }

  func confirmClock() async throws(Problem) -> Reply {
    try await having { () async throws(ControlError) in try await control.confirmClock() }
    return Reply(.object([("retention", .text("resumed"))]))
  }
}
