// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import Glibc
import WebAPI

struct TailCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tail",
    abstract: "Prints events as they come and runs as they change, until Ctrl-C.",
    discussion: """
      Only what happens from now on. A restart of the daemon is waited for; what changed meanwhile is printed then, \
      each run in its latest state.
      """)

  @Option(
    help: ArgumentHelp("Only events of this type, and their runs; * is one word, # any number.", valueName: "pattern"))
  var type: String?

  @Option(help: ArgumentHelp("Only runs of this action, and events that have one.", valueName: "name"))
  var action: String?

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object per line.")
  var json = false

  func run() throws {
    // What was printed is written before every wait, so that nothing is lost by ending here.
    signal(SIGINT) { _ in _exit(0) }
    let client = try daemon.daemon().client
    var position: Position?
    var isGone = false
    while true {
      do throws(APIFailure) {
        let latest = try Position(client)
        if isGone { complain("the daemon is back") }
        isGone = false
        if let known = position, latest.event < known.event || latest.change < known.change {
          complain("the journal begins anew: what was printed so far is of another one")
          position = nil
        }
        position = try printNews(client, from: position ?? latest, to: latest)
        fflush(nil)
        usleep(Self.interval)
      } catch {
        guard case .unreachable(let socket, let reason) = error, position != nil else {
          complain(error.description)
          throw error.exitCode
        }
        if !isGone { complain("the daemon at \(socket) is gone (\(reason)); waiting for it") }
        isGone = true
        sleep(1)
      }
    }
  }

  /// How far events and changes of runs were printed.
  private struct Position {
    var event: Int64
    var change: Int64

    init(_ client: APIClient) throws(APIFailure) {
      let latest = try client.send(.get, "/api/v1/latest")
      event = latest.integer(of: "event") ?? 0
      change = latest.integer(of: "change") ?? 0
    }
  }

  private func printNews(_ client: APIClient, from: Position, to: Position) throws(APIFailure) -> Position {
    var position = to
    if to.event > from.event {
      let last = try printAll(client, .events, after: from.event)
      position.event = max(to.event, last)
    }
    if to.change > from.change {
      let last = try printAll(client, .runs, after: from.change)
      position.change = max(to.change, last)
    }
    return position
  }

  /// Prints every row after a position, and says where the last one stands.
  private func printAll(_ client: APIClient, _ kind: TailedRow.Kind, after: Int64) throws(APIFailure) -> Int64 {
    var position = after
    while true {
      var parameters = RequestParameters()
      parameters.append("type", type)
      parameters.append("action", action)
      parameters.append("limit", String(Self.batch))
      parameters.append(kind.positionParameter, String(position))
      let rows = try client.send(.get, kind.path, parameters).list(of: kind.list).map { TailedRow(kind: kind, row: $0) }
      for row in rows { writeOutput(Array((json ? row.row.json : row.line).utf8) + [UInt8(ascii: "\n")]) }
      position = max(position, rows.last?.position ?? position)
      if rows.count < Self.batch { return position }
    }
  }

  private static let batch = 500
  /// Microseconds between two questions.
  private static let interval: UInt32 = 250_000
}

/// An event or a run, as `tail` prints it.
private struct TailedRow {
  enum Kind {
    case events, runs

    var path: String { "/api/v1/\(list)" }
    var list: String { self == .events ? "events" : "runs" }
    /// The parameter that asks for what comes behind, and the member of the row that says where it stands.
    var positionParameter: String { self == .events ? "after" : "changed_after" }
    var positionMember: String { self == .events ? "event" : "change" }
  }

  let kind: Kind
  let row: JSONValue

  var position: Int64? { row.integer(of: kind.positionMember) }

  var line: String {
    let reason = row.text(of: "reason") ?? row.text(of: "outcome")
    let details = reason.map { " (\($0))" } ?? ""
    let event = "event e\(row.shown("event"))"
    let cells: [String]
    switch kind {
    case .events:
      cells = [row.time("received"), event, row.shown("type"), "subject \(row.shown("subject"))", row.shown("result")]
    case .runs:
      let time = row.time(row.member(named: "ended") == nil ? "created" : "ended")
      cells = [
        time, "run \(row.shown("run"))", row.shown("run_id"), event, row.shown("action"), row.shown("state"),
      ]
    }
    return (cells.joined(separator: "  ") + details).printable
  }
}
