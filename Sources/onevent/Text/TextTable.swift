// SPDX-License-Identifier: Apache-2.0

/// Rows under headings: aligned and fitted for a terminal, separated by tabs for programs.
struct TextTable {
  struct Column {
    var title: String
    /// Whether its cells may be cut where a line does not fit.
    var isFlexible = false
    /// Whether its cells are states of runs, which have colours.
    var isState = false

    init(_ title: String, isFlexible: Bool = false, isState: Bool = false) {
      self.title = title
      self.isFlexible = isFlexible
      self.isState = isState
    }
  }

  let columns: [Column]
  private(set) var rows: [[String]] = []

  init(_ columns: [Column]) {
    self.columns = columns
  }

  /// Control characters of the cells are escaped here: whoever sent an event must not move a cursor.
  mutating func append(_ cells: [String]) { rows.append(cells.map(\.printable)) }

  /// The lines as they suit where they go.
  func lines(for place: Terminal) -> [String] {
    guard let width = place.width else {
      return ([columns.map(\.title)] + rows).map { $0.joined(separator: "\t") }
    }
    let widths = fittedWidths(to: width)
    return ([columns.map(\.title)] + rows).enumerated().map { index, row in
      let cells = row.enumerated().map { column, cell in
        let shown = cell.cut(to: widths[column])
        let padding = column == row.count - 1 ? "" : String(repeating: " ", count: widths[column] - shown.count)
        let isColoured = place.hasColour && index > 0 && columns[column].isState
        return (isColoured ? Self.coloured(shown) : shown) + padding
      }
      return cells.joined(separator: "  ")
    }
  }

  /// Takes what is too much from the widest flexible column, time and again, but leaves each 8 characters.
  private func fittedWidths(to width: Int) -> [Int] {
    var widths = columns.indices.map { column in
      ([columns[column].title] + rows.map { $0[column] }).map(\.count).max() ?? 0
    }
    let gaps = 2 * max(0, columns.count - 1)
    var excess = widths.reduce(gaps, +) - width
    while excess > 0 {
      let flexible = columns.indices.filter { columns[$0].isFlexible && widths[$0] > 8 }
      guard let widest = flexible.max(by: { widths[$0] < widths[$1] }) else { break }
      widths[widest] -= 1
      excess -= 1
    }
    return widths
  }

  /// SGR colours: green is done, red wants a person, yellow will go on, cyan is at work.
  private static func coloured(_ state: String) -> String {
    let code: Int
    switch state {
    case "succeeded", "connected", "enabled", "matched": code = 32
    case "failed", "held", "refused", "undecodable", "lost": code = 31
    case "pending", "waiting", "suspended", "paused": code = 33
    case "running": code = 36
    default: return state
    }
    return "\u{1B}[\(code)m\(state)\u{1B}[0m"
  }
}

extension String {
  /// The first characters, the last of them an ellipsis where some are left out.
  func cut(to width: Int) -> String {
    count <= width ? self : String(prefix(max(0, width - 1))) + "…"
  }
}
