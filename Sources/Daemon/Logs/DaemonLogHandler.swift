// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Settings

/// Writes log entries: as lines for people, as one JSON object each, or as entries of the system journal.
struct DaemonLogHandler: LogHandler {
  let writer: LogWriter
  let format: LogSettings.Format
  let threshold: LogThreshold
  private var ownLevel: Logger.Level?
  var metadata: Logger.Metadata = [:]

  /// The one of the whole log, or a less talkative one that a part of the program has set for its own copy.
  var logLevel: Logger.Level {
    get { max(ownLevel ?? .trace, threshold.level) }
    set { ownLevel = newValue }
  }

  init(writer: LogWriter, format: LogSettings.Format, threshold: LogThreshold) {
    self.writer = writer
    self.format = format
    self.threshold = threshold
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var facts = event.metadata ?? [:]
    if !metadata.isEmpty { facts.merge(metadata) { own, _ in own } }
    writer.write(Self.entry(format, event.level, event.message.description, facts, now: RealTime.now))
  }

  /// One entry as its format has it; a line with its end.
  ///
  /// Keys are in alphabetical order, so that lines can be compared.
  static func entry(
    _ format: LogSettings.Format, _ level: Logger.Level, _ message: String, _ facts: Logger.Metadata, now: RealTime
  ) -> [UInt8] {
    let sorted = facts.map { (key: $0.key, value: LogText.shortened($0.value.description)) }.sorted { $0.key < $1.key }
    switch format {
    case .text: return text(level, message, sorted, now)
    case .json: return json(level, message, sorted, now)
    case .journal: return JournalEntry.bytes(level, message, sorted, sentence: sentence(message, sorted))
    }
  }

  private static func text(
    _ level: Logger.Level, _ message: String, _ facts: [(key: String, value: String)], _ now: RealTime
  ) -> [UInt8] {
    let name = level.rawValue
    var line = Array("\(now.iso8601) \(name)\(String(repeating: " ", count: max(1, 9 - name.count)))".utf8)
    line += sentence(message, facts)
    line.append(UInt8(ascii: "\n"))
    return line
  }

  /// The message and its facts, for people, on one line without its end.
  private static func sentence(_ message: String, _ facts: [(key: String, value: String)]) -> [UInt8] {
    var line: [UInt8] = []
    LogText.append(message, to: &line)
    for (key, value) in facts {
      line += " \(key)=".utf8
      LogText.appendValue(value, to: &line)
    }
    return line
  }

  private static func json(
    _ level: Logger.Level, _ message: String, _ facts: [(key: String, value: String)], _ now: RealTime
  ) -> [UInt8] {
    var line = Array("{\"time\":\"\(now.iso8601)\",\"level\":\"\(level.rawValue)\",\"message\":".utf8)
    LogText.appendJSON(message, to: &line)
    for (key, value) in facts {
      line.append(UInt8(ascii: ","))
      LogText.appendJSON(key, to: &line)
      line.append(UInt8(ascii: ":"))
      LogText.appendJSON(value, to: &line)
    }
    line += "}\n".utf8
    return line
  }
}
