// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import WebAPI

struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs",
    abstract: "Lists the runs of scripts, the newest first, with how they went.",
    discussion: """
      Asks the running daemon; when none runs, the journal that it left. On a terminal the columns are fitted to it, \
      else they are separated by tabs.
      States: pending, running, waiting (an attempt failed, the next is due later), succeeded, failed, refused (an \
      argument cannot be passed), held (a person decides), expired, observed, discarded.
      'onevent show 5' shows run 5 with what it printed; 'onevent retry 5' runs it again.
      """)

  @OptionGroup var list: ListOptions

  @Option(help: ArgumentHelp("In this state; may repeat.", valueName: "state"))
  var state: [String] = []

  @Option(help: ArgumentHelp("Of this event.", valueName: "number"))
  var event: EventName?

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object per line.")
  var json = false

  func run() throws {
    var parameters = list.parameters
    for state in state { parameters.append("state", state) }
    if list.failed { parameters.append("failed", "true") }
    switch event {
    case nil: break
    case .stored(let number): parameters.append("event", String(number))
    case .unmatched(let number):
      complain("--event u\(number): an event that matched nothing has no runs")
      throw ExitCode.usage
    }
    let rows = try daemon.history().runs(parameters).list(of: "runs")
    if json { printLines(rows) } else { printTable(Self.table(rows, for: .output)) }
  }

  static func table(_ rows: [JSONValue], for place: Terminal) -> TextTable {
    var table = TextTable([
      .init("RUN"), .init("ID"), .init("EVENT"), .init("CREATED"), .init("ACTION", isFlexible: true),
      .init("SUBJECT", isFlexible: true), .init("STATE", isState: true), .init("TRIES"),
      .init("OUTCOME", isFlexible: true),
    ])
    for row in rows {
      // Why it is refused or held says more than how its last attempt ended.
      let outcome = row.member(named: "reason") == nil ? row.shown("outcome") : row.shown("reason")
      table.append([
        row.shown("run"), row.runID(for: place), "e\(row.shown("event"))", row.time("created"), row.shown("action"),
        row.shown("subject"), row.shown("state"), row.shown("attempts"), outcome,
      ])
    }
    return table
  }
}
