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

/// What restricts a list of events beside what restricts runs, too.
struct EventFilterOptions: ParsableArguments {
  @Option(help: ArgumentHelp("With this tag; may repeat: then with all of them.", valueName: "tag"))
  var tag: [String] = []

  @Option(
    help: ArgumentHelp(
      "Naming this object, such as node:n-1, or n-1 for any kind; may repeat: then all of them.",
      valueName: "kind:name"))
  var object: [String] = []

  @Option(
    help: ArgumentHelp("With all these words in the payload; a* is any word that begins with a.", valueName: "words"))
  var text: String?

  @Option(
    help: ArgumentHelp("With this number at the payload's value, or one such as '>40', '<=3'.", valueName: "number"))
  var value: [NumberCondition] = []

  @Option(help: ArgumentHelp("Of a type of this group.", valueName: "name"))
  var group: String?

  @Option(help: ArgumentHelp("Of a group with this level: critical, warning, detail.", valueName: "level"))
  var level: String?

  @Option(help: ArgumentHelp("From this source.", valueName: "name"))
  var source: String?

  @Option(help: ArgumentHelp("With a run in this state: pending, running, waiting, succeeded …", valueName: "state"))
  var state: String?

  /// Whether nothing but the source is said.
  var isOfSourceAlone: Bool {
    tag.isEmpty && object.isEmpty && text == nil && value.isEmpty && group == nil && level == nil && state == nil
  }

  func append(to parameters: inout RequestParameters) {
    for tag in tag { parameters.append("tag", tag) }
    for object in object { parameters.append("object", object) }
    parameters.append("text", text)
    for value in value { parameters.append(value.parameter, value.number) }
    parameters.append("group", group)
    parameters.append("level", level)
    parameters.append("source", source)
  }
}

/// A number, or a bound: `40`, `>40`, `>=40`, `<40`, `<=40`.
struct NumberCondition: ExpressibleByArgument {
  let parameter: String
  let number: String

  init?(argument: String) {
    let relations = [
      (">=", "value_gte"), ("<=", "value_lte"), (">", "value_gt"), ("<", "value_lt"), ("=", "value"), ("", "value"),
    ]
    guard let (sign, parameter) = relations.first(where: { argument.hasPrefix($0.0) }) else { return nil }
    number = argument.dropFirst(sign.count).filter { $0 != " " }
    guard Double(number) != nil else { return nil }
    self.parameter = parameter
  }
}

struct EventsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Lists the events that came, the newest first, with what became of them, or counts them.",
    discussion: """
      Asks the running daemon; when none runs, the journal that it left. On a terminal the columns are fitted to it, \
      else they are separated by tabs.
      'onevent show e17' shows event 17 with its body; 'onevent explain 17' says what every action does with it.
      'onevent events --count --by type --every 1h' counts the events of each type in each hour; buckets begin at \
      multiples of their length since 1970, in UTC.
      """)

  @OptionGroup var list: ListOptions
  @OptionGroup var filters: EventFilterOptions
  @OptionGroup(title: "Figures instead of a list") var figures: FigureOptions

  @Flag(help: "The last events that no action took; they are in the daemon's memory only.")
  var unmatched = false

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object per line.")
  var json = false

  func validate() throws {
    guard unmatched else { return }
    guard filters.isOfSourceAlone, list.subject == nil, list.action == nil, list.since == nil, list.until == nil,
      !list.failed, figures.figure == nil
    else { throw ValidationError("--unmatched goes with --type, --source and --limit only: nothing else is known.") }
  }

  func run() throws {
    if unmatched { return try showUnmatched() }
    var parameters = list.parameters
    filters.append(to: &parameters)
    parameters.append("state", filters.state ?? (list.failed ? "failed" : nil))
    if let figure = figures.figure { return try show(figure, parameters) }
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

  private func show(_ figure: FigureOptions.Figure, _ parameters: RequestParameters) throws {
    let answer = try daemon.history().events(figures.parameters(figure, parameters))
    let rows = answer.list(of: "rows")
    guard !json else { return printLines(rows) }
    printTable(figures.table(figure, rows))
    if let skipped = answer.integer(of: "skipped"), skipped > 0 {
      complain("\(skipped) events have no number there, and do not count")
    }
  }

  private func showUnmatched() throws {
    var parameters = RequestParameters()
    parameters.append("type", list.type)
    parameters.append("source", filters.source)
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
