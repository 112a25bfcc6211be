// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import Settings

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Says what every action does with a captured event, and why.",
    discussion: """
      Nothing runs and no broker is asked. For each action every condition is shown with the path, the value found \
      and its verdict; for a match the exact arguments, environment and standard input of the script.
      Exit code: 0 something matched, 1 nothing did, 65 the event cannot be decoded.
      """)

  @OptionGroup var options: ConfigurationOptions
  @OptionGroup var event: EventOptions

  @Option(help: ArgumentHelp("The source that the event came from; default: the first.", valueName: "name"))
  var source: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let configuration = try options.load()
    let source = try chosenSource(configuration)
    let matched = try event.withEvent(mapping: source?.mapping ?? EventMapping(), source: source?.name ?? "default") {
      event in
      let table = ActionTable(configuration.actions)
      let explanation = Explanation(event, table, ignored: source?.ignore ?? [])
      print(json ? explanation.json : explanation.text)
      return explanation.hasMatch
    }
    guard matched else { throw ExitCode.no }
  }

  private func chosenSource(_ configuration: Configuration) throws -> SourceSettings? {
    guard let source else { return configuration.sources.first }
    if let chosen = configuration.sources.first(where: { $0.name == source }) { return chosen }
    let names = configuration.sources.map(\.name).joined(separator: ", ")
    complain("--source \(source): there is no such source; configured: \(names)")
    throw ExitCode.configuration
  }
}
