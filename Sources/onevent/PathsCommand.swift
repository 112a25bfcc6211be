// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import Settings

struct PathsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "paths",
    abstract: "Lists every path of a captured or recorded event, with type and value.",
    discussion: """
      The paths are what script_params, env_params, filter_params and order_by name. With a configuration the body is \
      read as its source would.
      """)

  @OptionGroup var event: EventOptions
  @OptionGroup var source: SourceOptions

  @Flag(help: "Print one JSON object per line.")
  var json = false

  func run() throws {
    let recorded = try event.recorded(source.options)
    let source = try source.chosen(from: recorded?.envelope.source)
    try event.withEvent(of: source, recorded) { event in
      let rows = event.addressablePaths().map { path, value in (path, value.jsonType, value.json) }
      if json {
        for (path, kind, value) in rows {
          print("{\"path\":\(quoted(path)),\"type\":\(quoted(kind)),\"value\":\(value)}")
        }
      } else {
        var table = TextTable([.init("PATH"), .init("TYPE"), .init("VALUE")])
        for (path, kind, value) in rows { table.append([path, kind, shortened(value, to: 120)]) }
        for line in table.lines(for: Terminal(width: .max, hasColour: false)).dropFirst() { print(line) }
      }
    }
  }
}
