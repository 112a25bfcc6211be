// SPDX-License-Identifier: Apache-2.0

import Events

/// Prints rows as columns, each as wide as its widest cell.
func printTable(_ rows: [[String]]) {
  var widths: [Int] = []
  for row in rows {
    for (column, cell) in row.enumerated() {
      if column == widths.count { widths.append(0) }
      widths[column] = max(widths[column], cell.count)
    }
  }
  for row in rows {
    let cells = row.enumerated().map { column, cell in
      column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
    }
    print(cells.joined(separator: "  "))
  }
}

/// The text as a JSON string: no control character reaches the terminal.
func quoted(_ text: String) -> String {
  var bytes: [UInt8] = []
  bytes.appendJSON(text: text.utf8)
  return String(decoding: bytes, as: UTF8.self)
}

/// The start of a text, with a note of what is left out.
func shortened(_ text: String, to limit: Int) -> String {
  text.utf8.count <= limit ? text : "\(text.prefix(limit))… (\(text.utf8.count) bytes)"
}

extension FieldValue {
  /// The value as JSON.
  var json: String {
    var bytes: [UInt8] = []
    appendJSON(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
