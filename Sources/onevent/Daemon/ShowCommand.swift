// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import WebAPI

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows one run or event whole.",
    discussion: """
      17 is run 17; e17 is event 17; u17 is the event that events --unmatched lists as u17. A run may be named by its \
      id as well, or the first 4 or more of its 32 hexadecimal digits, where these do not look like one of the above.
      A run is shown with its state and why, and every attempt with its start, duration, outcome, arguments and what \
      it printed; an event with its runs, envelope and content.
      --follow prints what the run's script prints, until the run ends; exit code 0 when it succeeded, 1 when not.
      """)

  @Argument(help: ArgumentHelp("A run (17, or its id), an event (e17) or an unmatched event (u17).", valueName: "name"))
  var name: RecordName

  @Flag(name: .shortAndLong, help: "Print what the running script prints, until the run ends.")
  var follow = false

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard follow else { return }
    guard case .run = name else { throw ValidationError("--follow goes with a run: an event prints nothing.") }
    guard !json else { throw ValidationError("--follow and --json exclude each other.") }
  }

  func run() throws {
    switch name {
    case .run(let text):
      if follow { return try FollowedRun(try daemon.daemon(), text).follow() }
      let run = try daemon.history().run(text)
      show(run, RunReport(run).lines)
    case .event(let number):
      let event = try daemon.history().event(number)
      show(event, EventReport(event, title: "event e\(number)").lines)
    case .unmatched(let number):
      let event = try daemon.history().unmatched(number)
      show(event, EventReport(event, title: "unmatched event u\(number)").lines)
    }
  }

  private func show(_ value: JSONValue, _ lines: [String]) {
    if json { print(value.json) } else { for line in lines { print(line) } }
  }
}
