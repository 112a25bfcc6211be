// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import Settings

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Says what every action does with a captured or recorded event, and why.",
    discussion: """
      Nothing runs and no broker is asked; a recorded event, named by its number, comes from the daemon or its journal, \
      and is matched with the configuration as it is on disk. For each action every condition is shown with the path, \
      the value found and its verdict; for a match the exact arguments, environment and standard input of the script.
      Exit code: 0 something matched, 1 nothing did, 65 the event cannot be decoded.
      """)

  @OptionGroup var source: SourceOptions
  @OptionGroup var event: EventOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let configuration = try source.options.load()
    let recorded = try event.recorded(source.options)
    let source = try source.chosen(of: configuration, from: recorded?.envelope.source)
    let matched = try event.withEvent(of: source, recorded) { event in
      let table = configuration.table
      let explanation = Explanation(event, table, ignored: source?.ignore ?? [], groups: configuration.groups)
      print(json ? explanation.json() : explanation.text)
      return explanation.hasMatch
    }
    guard matched else { throw ExitCode.no }
  }
}
