// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import Synchronization

@testable import WebAPI

/// A daemon that does nothing but remember what it was told.
final class RecordedControl: DaemonControl {
  let told = Mutex<[String]>([])
  let refusal = Mutex<ControlError?>(nil)
  let state = Mutex(DaemonStatus())
  let published = Mutex<[Publication]>([])
  let publishRefusal = Mutex<PublishRefusal?>(nil)

  private func note(_ order: String) throws(ControlError) {
    told.withLock { $0.append(order) }
    if let refusal = refusal.withLock({ $0 }) { throw refusal }
  }

  func status() async -> DaemonStatus { state.withLock { $0 } }

  func metricsText() async -> [UInt8] { Array("# TYPE onevent_up gauge\nonevent_up 1\n".utf8) }

  func retry(_ selection: RunSelection) async throws(ControlError) -> [RunChange] {
    try note("retry \(Self.words(selection))")
    return [RunChange(number: 1, id: "abcd", from: "failed", to: "pending")]
  }

  func discard(_ selection: RunSelection) async throws(ControlError) -> [RunChange] {
    try note("discard \(Self.words(selection))")
    return []
  }

  func reload() async throws(ControlError) -> ReloadReport {
    try note("reload")
    var report = ReloadReport()
    report.revision = "0123456789ab"
    report.changedActions = ["fulfill"]
    return report
  }

  func replay(_ request: ReplayRequest) async throws(ControlError) -> ReplayResult {
    let events = request.events.map { "\($0)" } ?? "since \(request.since ?? 0) until \(request.until ?? 0)"
    try note("replay \(events) \(request.type ?? "-") \(request.action ?? "-") \(request.dryRun ? "dry" : "meant")")
    return ReplayResult(
      isDryRun: request.dryRun, events: 2,
      items: [.init(event: 1, type: "lease.begin", action: "fulfill", run: 3, runID: "ef", state: "pending")],
      unmatched: [2: "no action takes it"])
  }

  func publish(_ events: [Publication]) async throws(PublishRefusal) -> [PublishedEvent] {
    if let refusal = publishRefusal.withLock({ $0 }) { throw refusal }
    published.withLock { $0 += events }
    return events.enumerated().map { index, event in
      let isKnown = event.body.contains(UInt8(ascii: "?"))
      return PublishedEvent(
        number: Int64(17 + index), id: "id-\(index)", type: "t", time: "2026-11-21T08:00:00Z", result: .matched,
        isDuplicate: isKnown)
    }
  }

  func setStatus(_ status: RequestedStatus, ofAction name: String?) async throws(ControlError) -> ActionStanding {
    try note("\(status.rawValue) \(name ?? "everything")")
    let word = status == .default ? "enabled" : status.rawValue
    return ActionStanding(
      action: name, status: word, configured: name.map { _ in "enabled" }, since: word == "enabled" ? nil : 0)
  }

  func actions(named name: String?) async throws(ControlError) -> [ActionFacts] {
    guard name ?? "fulfill" == "fulfill" else { return [] }
    var facts = ActionFacts(
      ActionStanding(action: "fulfill", status: "enabled", configured: "enabled", since: nil), name: "fulfill",
      place: "test:1")
    facts.written = [("events", "lease.begin")]
    facts.command = ["/bin/true"]
    facts.matched = 2
    facts.ended = [.failed: 1]
    facts.totals = ActionTotals()
    facts.totals?.counts = [.succeeded: 7]
    return [facts]
  }

  func matching(source: String) async -> Matching {
    var action = Action(
      name: "fulfill", place: "test:1", command: Command(path: "/bin/true", words: [Array("true".utf8)]))
    action.events.patterns = [EventPattern("lease.*")]
    action.environment = [Array("SECRET=s3cret".utf8)]
    return Matching(ActionTable([action]), ignored: [])
  }

  func groups() async -> EventGroups { EventGroups(EventGroups.shipped) }

  func confirmClock() async throws(ControlError) { try note("confirm the clock") }

  func unmatched(limit: Int) async -> [UnmatchedEvent] {
    ["a.b", "lease.begin"].enumerated().map { index, type in
      UnmatchedEvent(
        number: UInt64(9 - index), source: "default", type: type, received: RecordedJournal.start,
        envelope: Array("{}".utf8), body: Array(RecordedJournal.body.utf8))
    }
  }

  func liveOutput(ofRun run: Int64, after offset: UInt64) async -> LiveOutput? {
    guard run == 2 else { return nil }
    return LiveOutput(offset: max(offset, 2), bytes: Array("line\n".utf8), isEnded: false)
  }

  func actions(takingType type: String, source: String?) async -> [String] {
    type == "lease.begin" ? ["fulfill", "log \"all\""] : []
  }

  func flushTypes() async { told.withLock { $0.append("flush types") } }

  private static func words(_ selection: RunSelection) -> String {
    switch selection {
    case .runs(let numbers): "\(numbers)"
    case .failed(let action): "failed \(action ?? "of all")"
    }
  }
}
