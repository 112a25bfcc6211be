// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import WebAPI

/// Figures of events, instead of the events.
struct FigureOptions: ParsableArguments {
  enum Figure: String, EnumerableFlag {
    case count, min, max, average, sum

    static func help(for value: Figure) -> ArgumentHelp? {
      switch value {
      case .count: "How many events, or with --field how many numbers."
      case .min: "The least number."
      case .max: "The greatest number."
      case .average: "The numbers' average."
      case .sum: "Their sum."
      }
    }
  }

  @Flag(exclusivity: .exclusive) var figure: Figure?

  @Option(help: ArgumentHelp("Where the number stands in the payload; default: value.", valueName: "path"))
  var field: String?

  @Option(help: ArgumentHelp("One figure for each length of time: 30s, 5m, 1h, 1d, 1w.", valueName: "length"))
  var every: String?

  @Option(help: ArgumentHelp("One figure for each: type, subject, action or group.", valueName: "name"))
  var by: String?

  func validate() throws {
    guard figure != nil || (field == nil && every == nil && by == nil) else {
      throw ValidationError("--field, --every and --by go with --count, --min, --max, --average or --sum.")
    }
  }

  /// What the API is asked: the filters of a list, and the figure.
  func parameters(_ figure: Figure, _ list: RequestParameters) -> RequestParameters {
    var parameters = RequestParameters(list.items.filter { $0.name != "limit" })
    parameters.append("aggregate", figure.rawValue)
    parameters.append("field", field)
    parameters.append("every", every)
    parameters.append("by", by)
    return parameters
  }

  func table(_ figure: Figure, _ rows: [JSONValue]) -> TextTable {
    var columns: [TextTable.Column] = []
    if every != nil { columns.append(.init("START")) }
    if let by { columns.append(.init(by.uppercased(), isFlexible: true)) }
    columns.append(.init(figure.rawValue.uppercased()))
    if figure != .count { columns.append(.init("COUNT")) }
    var table = TextTable(columns)
    for row in rows {
      var cells: [String] = []
      if every != nil { cells.append(row.time("start")) }
      if let by { cells.append(row.shown(by)) }
      cells.append(row.shown(figure.rawValue))
      if figure != .count { cells.append(row.shown("count")) }
      table.append(cells)
    }
    return table
  }
}
