// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import WebAPI

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Says how the daemon is: sources, actions, runs, journal.",
    discussion: """
      Exit code: 0 all is well; 1 something needs a person: a source is not connected, nothing is recorded, or nothing \
      is deleted; 69 no daemon runs.
      """)

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let status = try daemon.daemon().get("/api/v1/status")
    let report = StatusReport(status)
    if json { print(status.json) } else { for line in report.lines(for: .output) { print(line) } }
    guard report.troubles.isEmpty else { throw ExitCode.no }
  }
}

/// How a daemon is, for people.
struct StatusReport {
  private let status: JSONValue
  /// What needs a person, as sentences.
  let troubles: [String]

  init(_ status: JSONValue) {
    self.status = status
    let journal = status.member(named: "journal")
    var troubles = status.list(of: "sources").compactMap { source -> String? in
      switch source.shown("state") {
      case "lost": "source \(source.shown("source")) is not connected: \(source.shown("reason"))"
      case "paused": "source \(source.shown("source")) is not read: \(source.shown("reason"))"
      default: nil
      }
    }
    troubles += status.list(of: "stuck").map { "\($0.text): see its log, and restart it" }
    if let trouble = journal?.text(of: "trouble") { troubles.append("nothing is recorded: \(trouble)") }
    if let failure = status.text(of: "reload_failure") {
      troubles.append("the configuration was not reloaded, the one before goes on: \(failure)")
    }
    if let reason = journal?.text(of: "retention_suspended") {
      troubles.append("nothing is deleted from the journal: \(reason); see 'onevent resume --deletion'")
    }
    self.troubles = troubles
  }

  func lines(for place: Terminal) -> [String] {
    let journal = status.member(named: "journal")
    let isSuspended = status.flag("suspended") ? ", all actions suspended" : ""
    let runs = ["running", "pending", "waiting", "held", "failed"].map { "\(status.shown($0)) \($0)" }
    var lines = [
      "onevent \(status.shown("version")), pid \(status.shown("pid")), since \(status.time("started"))\(isSuspended)",
      "configuration \(status.shown("revision")), since \(status.time("configured")): \(status.list(of: "files").map(\.text).joined(separator: ", "))",
      "runs: \(runs.joined(separator: ", "))",
      "journal: \(journal?.shown("path") ?? "-"), \(Self.size(journal?.integer(of: "bytes") ?? 0))",
    ].map(\.printable)
    var sources = TextTable([
      .init("SOURCE"), .init("STATE", isState: true), .init("SINCE"), .init("HOST"), .init("QUEUES", isFlexible: true),
    ])
    for source in status.list(of: "sources") {
      let queues = (source.member(named: "queues")?.members ?? []).map { "\($0.key) \($0.value.text)" }
      sources.append([
        source.shown("source"), source.shown("state"), source.time("since"), source.shown("host"),
        queues.isEmpty ? "-" : queues.joined(separator: ", "),
      ])
    }
    var actions = TextTable([
      .init("ACTION"), .init("STATUS", isState: true), .init("RUNNING"), .init("PENDING"), .init("WAITING"),
    ])
    for action in status.list(of: "actions") {
      actions.append(["action", "status", "running", "pending", "waiting"].map { action.shown($0) })
    }
    let unmatched = status.list(of: "actions").filter { action in
      action.integer(of: "matched") == 0 && action.shown("status") != "disabled"
    }
    for table in [sources, actions] where !table.rows.isEmpty { lines += [""] + table.lines(for: place) }
    if !unmatched.isEmpty {
      let shown = unmatched.prefix(20).map { $0.shown("action") }.joined(separator: ", ")
      let more = unmatched.count > 20 ? " and \(unmatched.count - 20) more" : ""
      lines += ["", "took no event since the start: \(shown)\(more); see 'onevent explain'".printable]
    }
    if !troubles.isEmpty { lines += [""] + troubles.map { "TROUBLE: \($0)".printable } }
    return lines
  }

  static func size(_ bytes: Int64) -> String {
    var (value, unit) = (bytes, 0)
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while value >= 10_240, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
    return "\(value) \(units[unit])"
  }
}
