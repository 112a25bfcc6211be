// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where output goes.
struct Terminal {
  /// Characters on a line; nil where it is no terminal.
  var width: Int?
  /// Whether colours are wanted: on a terminal, without NO_COLOR (no-color.org).
  var hasColour: Bool

  /// Standard output, as it is now.
  static var output: Terminal {
    guard isatty(STDOUT_FILENO) == 1 else { return Terminal(width: nil, hasColour: false) }
    var size = winsize()
    let columns = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : 0
    let environment = processEnvironment()
    let isPlain = environment["NO_COLOR"].map { !$0.isEmpty } ?? false || environment["TERM"] == "dumb"
    return Terminal(width: columns > 0 ? columns : 80, hasColour: !isPlain)
  }
}

/// Prints a table as it suits standard output.
func printTable(_ table: TextTable) {
  for line in table.lines(for: .output) { print(line) }
}

/// Writes bytes to standard output at once.
func writeOutput(_ bytes: [UInt8]) {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    guard count > 0 || errno == EINTR else { return }
    rest = rest.dropFirst(max(0, count))
  }
}

extension String {
  /// The text with control characters escaped: event data must not move a terminal's cursor.
  ///
  /// Format characters too, which turn the direction of writing or are not seen.
  var printable: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        result += scalar == "\n" ? "\\n" : "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
