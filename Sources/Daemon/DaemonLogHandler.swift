// SPDX-License-Identifier: Apache-2.0

import Events
import Glibc
import Logging
import Settings

/// Writes log entries as lines: for people, or one JSON object each.
struct DaemonLogHandler: LogHandler {
  let writer: LogWriter
  let format: LogSettings.Format
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let facts = event.metadata.map { metadata.merging($0) { _, new in new } } ?? metadata
    writer.write(Self.line(format, event.level, event.message.description, facts, now: RealTime.now))
  }

  /// One line, its end included.
  ///
  /// Keys are in alphabetical order, so that lines can be compared.
  static func line(
    _ format: LogSettings.Format, _ level: Logger.Level, _ message: String, _ facts: Logger.Metadata, now: RealTime
  ) -> [UInt8] {
    var line: [UInt8] = []
    let sorted = facts.sorted { $0.key < $1.key }
    switch format {
    case .text:
      let name = level.rawValue
      line += "\(now.iso8601) \(name)\(String(repeating: " ", count: max(1, 9 - name.count)))".utf8
      appendPrintable(message, to: &line)
      for (key, value) in sorted {
        line += " \(key)=".utf8
        appendValue(Self.shortened(value.description), to: &line)
      }
    case .json:
      line += "{\"time\":\"\(now.iso8601)\",\"level\":\"\(level.rawValue)\",\"message\":".utf8
      line.appendJSON(text: message.utf8)
      for (key, value) in sorted {
        line.append(UInt8(ascii: ","))
        line.appendJSON(text: key.utf8)
        line.append(UInt8(ascii: ":"))
        line.appendJSON(text: Self.shortened(value.description).utf8)
      }
      line.append(UInt8(ascii: "}"))
    }
    line.append(UInt8(ascii: "\n"))
    return line
  }

  /// Bytes of one value: more than a line of output has, and little enough that nobody's lines push out all others.
  private static let valueLimit = 20_000

  private static func shortened(_ value: String) -> String {
    guard value.utf8.count > valueLimit else { return value }
    return "\(value.prefix(valueLimit / 4)) … (\(value.utf8.count) bytes)"
  }

  private static func appendValue(_ value: String, to line: inout [UInt8]) {
    let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }
    guard !isPlain else {
      line += value.utf8
      return
    }
    line.append(UInt8(ascii: "\""))
    appendPrintable(value, quoted: true, to: &line)
    line.append(UInt8(ascii: "\""))
  }

  /// Event data must not move a terminal's cursor or begin a line of its own.
  private static func appendPrintable(_ text: String, quoted: Bool = false, to line: inout [UInt8]) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": line += "\\n".utf8
      case "\r": line += "\\r".utf8
      case "\t": line += "\\t".utf8
      case "\"" where quoted: line += "\\\"".utf8
      case "\\" where quoted: line += "\\\\".utf8
      case _ where scalar.properties.generalCategory == .control:
        line += "\\u{\(String(scalar.value, radix: 16))}".utf8
      default: line += String(scalar).utf8
      }
    }
  }
}
