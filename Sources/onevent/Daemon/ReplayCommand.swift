// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import WebAPI

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Matches stored events anew, with the actions as they are now, and makes new runs of them.",
    discussion: """
      For a new action over what came last week, or for events that could not be decoded then. Other than retry, which \
      goes on with a run that there is.
      One event is replayed at once; more, or a range, only shows what would run, until --run is given.

        onevent replay 17                                    event 17, for every action that matches
        onevent replay --since 7d --action notify            what would run
        onevent replay --since 7d --action notify --run      and now run it

      Exit code: 0 something matched, 1 nothing did.
      """)

  @Argument(help: ArgumentHelp("Events, by number: 17 or e17.", valueName: "event"))
  var events: [EventName] = []

  @Option(help: ArgumentHelp("Every event received since: 2h ago, or an instant as ISO 8601.", valueName: "time"))
  var since: TimeInput?

  @Option(help: ArgumentHelp("With --since: received before.", valueName: "time"))
  var until: TimeInput?

  @Option(help: ArgumentHelp("With --since: of this type; * is one word, # any number.", valueName: "pattern"))
  var type: String?

  @Option(help: ArgumentHelp("For this action only.", valueName: "name"))
  var action: String?

  @Flag(name: .customLong("run"), help: "Make the runs, of more than one event too.")
  var isMeant = false

  @Flag(help: "Show what would run, of one event too.")
  var dryRun = false

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard events.isEmpty == (since != nil) else { throw ValidationError("Name events, or a range with --since.") }
    guard since != nil || until == nil && type == nil else {
      throw ValidationError("--until and --type go with --since.")
    }
    guard !isMeant || !dryRun else { throw ValidationError("--run and --dry-run exclude each other.") }
    for case .unmatched(let number) in events {
      throw ValidationError("u\(number) is in the daemon's memory only; record = all keeps such events for replay.")
    }
  }

  private var isDry: Bool { dryRun || !isMeant && events.count != 1 }

  func run() throws {
    var body = [(key: "dry_run", json: isDry ? "true" : "false")]
    let numbers = events.compactMap { if case .stored(let number) = $0 { String(number) } else { nil } }
    if !numbers.isEmpty { body.append(("events", "[\(numbers.joined(separator: ","))]")) }
    let texts = [("since", since?.instant), ("until", until?.instant), ("type", type), ("action", action)]
    for (key, value) in texts {
      if let value { body.append((key, quoted(value))) }
    }
    let answer = try daemon.daemon().send(.post, "/api/v1/replay", body: body)
    let items = answer.list(of: "items")
    if json { print(answer.json) } else { show(answer, items) }
    guard !items.isEmpty else { throw ExitCode.no }
  }

  private func show(_ answer: JSONValue, _ items: [JSONValue]) {
    var table = TextTable([
      .init("EVENT"), .init("TYPE", isFlexible: true), .init("ACTION", isFlexible: true), .init("STATE", isState: true),
      .init("RUN"), .init("ID"),
    ])
    for item in items {
      table.append([
        "e\(item.shown("event"))", item.shown("type"), item.shown("action"), item.shown("state"), item.shown("run"),
        item.runID(for: .output),
      ])
    }
    if !items.isEmpty { printTable(table) }
    let unmatched = answer.list(of: "unmatched")
    for event in unmatched.prefix(20) { complain("e\(event.shown("event")): \(event.shown("reason"))".printable) }
    if unmatched.count > 20 { complain("and \(unmatched.count - 20) more events that no action takes") }
    let count = "\(items.count) run\(items.count == 1 ? "" : "s") of \(answer.shown("events")) events"
    if isDry {
      complain("\(count) would be made; nothing was done\(items.isEmpty || dryRun ? "" : ": --run makes them")")
    } else {
      complain("\(count) made")
    }
  }
}
