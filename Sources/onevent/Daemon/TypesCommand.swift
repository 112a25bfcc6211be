// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import WebAPI

struct TypesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "types",
    abstract: "Lists every type of event seen, and the actions that take it.",
    discussion: """
      Types that no action takes are listed too: here is what else an action could be made for. --fields lists the \
      paths that the last event of each type had, which script_params and filter_params can name; --sample prints the \
      event itself.
      """)

  @Argument(help: ArgumentHelp("Only types of this pattern; * is one word, # any number.", valueName: "pattern"))
  var pattern: String?

  @Flag(help: "List the paths of the last event of each type.")
  var fields = false

  @Flag(help: "Print the body of the last event of each type, as it was received.")
  var sample = false

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object per line.")
  var json = false

  func run() throws {
    var parameters = RequestParameters()
    parameters.append("type", pattern)
    if fields { parameters.append("fields", "true") }
    if sample { parameters.append("sample", "true") }
    let rows = try daemon.daemon().get("/api/v1/types", parameters).list(of: "types")
    guard !json else { return printLines(rows) }
    guard !fields, !sample else { return rows.forEach(printDetails) }
    var table = TextTable([
      .init("TYPE", isFlexible: true), .init("SEEN"), .init("MATCHED"), .init("LAST"), .init("SOURCE"),
      .init("ACTIONS", isFlexible: true),
    ])
    for row in rows {
      table.append([
        row.shown("type"), row.shown("seen"), row.shown("matched"), row.time("last"), row.shown("source"),
        Self.actions(of: row),
      ])
    }
    printTable(table)
  }

  private static func actions(of row: JSONValue) -> String {
    let actions = row.list(of: "actions").map(\.text)
    return actions.isEmpty ? "-" : actions.joined(separator: ", ")
  }

  private func printDetails(_ row: JSONValue) {
    let counts = "seen \(row.shown("seen")), matched \(row.shown("matched"))"
    print("\(row.shown("type")): \(counts), actions \(Self.actions(of: row))".printable)
    if fields {
      let fields = row.list(of: "fields")
      if fields.isEmpty { print("  no event of it that can be decoded was kept") }
      for field in fields { print("  \(field.shown("path")): \(field.shown("type"))".printable) }
    }
    guard sample else { return }
    guard let body = row.bytes(of: "sample") else { return print("  none was kept") }
    let lines = String(decoding: body, as: UTF8.self).split(separator: "\n")
    for line in lines { print("  \(String(line).printableLine)") }
  }
}
