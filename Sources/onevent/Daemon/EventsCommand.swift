// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import WebAPI

/// What restricts a list of events or runs.
struct ListOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Not before this: 2h ago, or an instant as ISO 8601.", valueName: "time"))
  var since: TimeInput?

  @Option(help: ArgumentHelp("Before this.", valueName: "time"))
  var until: TimeInput?

  @Option(help: ArgumentHelp("Of this type; * is one word, # any number.", valueName: "pattern"))
  var type: String?

  @Option(help: ArgumentHelp("Of this subject.", valueName: "name"))
  var subject: String?

  @Option(help: ArgumentHelp("With a run of this action.", valueName: "name"))
  var action: String?

  @Flag(help: "With a run that failed.")
  var failed = false

  @Option(help: ArgumentHelp("How many rows at most, up to 1000.", valueName: "number"))
  var limit = 50

  var parameters: RequestParameters {
    var parameters = RequestParameters()
    parameters.append("since", since?.instant)
    parameters.append("until", until?.instant)
    parameters.append("type", type)
    parameters.append("subject", subject)
    parameters.append("action", action)
    parameters.append("limit", String(limit))
    return parameters
  }
}

struct EventsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Lists the events that came, the newest first, with what became of them.",
    discussion: """
      Asks the running daemon; when none runs, the journal that it left. On a terminal the columns are fitted to it, \
      else they are separated by tabs.
      'onevent show e17' shows event 17 with its body; 'onevent explain 17' says what every action does with it.
      """)

  @OptionGroup var list: ListOptions

  @Option(help: ArgumentHelp("Naming this object, such as node:n-1, or n-1 for any kind.", valueName: "kind:name"))
  var object: String?

  @Option(help: ArgumentHelp("From this source.", valueName: "name"))
  var source: String?

  @Option(help: ArgumentHelp("With a run in this state: pending, running, waiting, succeeded …", valueName: "state"))
  var state: String?

  @Flag(help: "The last events that no action took; they are in the daemon's memory only.")
  var unmatched = false

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object per line.")
  var json = false

  func validate() throws {
    guard unmatched else { return }
    guard object == nil, state == nil, list.subject == nil, list.action == nil, list.since == nil, list.until == nil,
      !list.failed
    else { throw ValidationError("--unmatched goes with --type, --source and --limit only: nothing else is known.") }
  }

  func run() throws {
    if unmatched { return try showUnmatched() }
    var parameters = list.parameters
    parameters.append("object", object)
    parameters.append("source", source)
    parameters.append("state", state ?? (list.failed ? "failed" : nil))
    parameters.append("runs", "true")
    let rows = try daemon.history().events(parameters).list(of: "events")
    guard !json else { return printLines(rows) }
    var table = TextTable([
      .init("EVENT"), .init("RECEIVED"), .init("TYPE", isFlexible: true), .init("SUBJECT", isFlexible: true),
      .init("RESULT", isState: true), .init("RUNS", isFlexible: true),
    ])
    for row in rows {
      let runs = row.list(of: "runs").map { run in
        "\(run.shown("run")) \(run.shown("action")) \(run.shown("state"))"
      }
      table.append([
        "e\(row.shown("event"))", row.time("received"), row.shown("type"), row.shown("subject"), row.shown("result"),
        runs.isEmpty ? "-" : runs.joined(separator: ", "),
      ])
    }
    printTable(table)
  }

  private func showUnmatched() throws {
    var parameters = RequestParameters()
    parameters.append("type", list.type)
    parameters.append("source", source)
    parameters.append("limit", String(list.limit))
    let rows = try daemon.daemon().get("/api/v1/events/unmatched", parameters).list(of: "events")
    guard !json else { return printLines(rows) }
    var table = TextTable([
      .init("EVENT"), .init("RECEIVED"), .init("SOURCE", isFlexible: true), .init("TYPE", isFlexible: true),
      .init("BYTES"),
    ])
    for row in rows {
      table.append([
        "u\(row.shown("unmatched"))", row.time("received"), row.shown("source"), row.shown("type"), row.shown("size"),
      ])
    }
    printTable(table)
  }
}

/// Prints each value as JSON on a line of its own.
func printLines(_ rows: [JSONValue]) {
  for row in rows { print(row.json) }
}
