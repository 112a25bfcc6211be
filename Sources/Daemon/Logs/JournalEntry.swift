// SPDX-License-Identifier: Apache-2.0

import Logging

/// Entries of the system journal, as its native protocol has them (systemd, docs/JOURNAL_NATIVE_PROTOCOL.md).
///
/// A field is `NAME=value` and a line break, or, where the value holds anything that could end it, the name, a line
/// break, the value's length as 64 bits with the lowest byte first, the value, and a line break.
enum JournalEntry {
  /// An entry: what people read in `MESSAGE`, the constant message in `ONEVENT_MESSAGE`, and a field for each fact.
  ///
  /// `sentence` is the message with its facts on one line: `journalctl` shows nothing else unless it is asked.
  static func bytes(
    _ level: Logger.Level, _ message: String, _ facts: [(key: String, value: String)], sentence: [UInt8]
  ) -> [UInt8] {
    var entry: [UInt8] = []
    append("PRIORITY", Array("\(priority(of: level))".utf8), to: &entry)
    append("SYSLOG_IDENTIFIER", Array("onevent".utf8), to: &entry)
    append("MESSAGE", sentence, to: &entry)
    append("ONEVENT_MESSAGE", harmless(message), to: &entry)
    for (key, value) in facts { append(fieldName(of: key), harmless(value), to: &entry) }
    return entry
  }

  /// Appends one field; the value may hold any bytes.
  static func append(_ name: String, _ value: [UInt8], to entry: inout [UInt8]) {
    entry += name.utf8
    if value.contains(where: { $0 < 0x20 && $0 != UInt8(ascii: "\t") }) {
      entry.append(UInt8(ascii: "\n"))
      withUnsafeBytes(of: UInt64(value.count).littleEndian) { entry += $0 }
    } else {
      entry.append(UInt8(ascii: "="))
    }
    entry += value
    entry.append(UInt8(ascii: "\n"))
  }

  /// The fields of an entry that `append` made, in order; stops at the first that is none.
  static func fields(of entry: ArraySlice<UInt8>) -> [(name: String, value: ArraySlice<UInt8>)] {
    var fields: [(name: String, value: ArraySlice<UInt8>)] = []
    var rest = entry
    while let end = rest.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "\n") }) {
      let name = String(decoding: rest[..<end], as: UTF8.self)
      let isCounted = rest[end] == UInt8(ascii: "\n")
      rest = rest[(end + 1)...]
      let value: ArraySlice<UInt8>
      if isCounted {
        guard rest.count >= 8 else { break }
        let length = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        rest = rest.dropFirst(8)
        guard length < rest.count else { break }
        value = rest.prefix(Int(length))
      } else {
        value = rest.prefix { $0 != UInt8(ascii: "\n") }
      }
      fields.append((name, value))
      rest = rest[value.endIndex...].dropFirst()
    }
    return fields
  }

  /// The name of a fact's field: letters, digits and underscores, at most 64 of them, and not an underscore first, which
  /// is the journal's own.
  static func fieldName(of key: String) -> String {
    // A run is named by its id.
    if key == LogKey.run { return "ONEVENT_RUN_ID" }
    let name = key.uppercased().unicodeScalars.map { scalar -> Character in
      switch scalar {
      case "A"..."Z", "0"..."9": Character(scalar)
      default: "_"
      }
    }
    return String(("ONEVENT_" + name).prefix(64))
  }

  /// The number that syslog(3) has for a level.
  static func priority(of level: Logger.Level) -> Int {
    switch level {
    case .critical: 2
    case .error: 3
    case .warning: 4
    case .notice: 5
    case .info: 6
    case .debug, .trace: 7
    }
  }

  private static func harmless(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    LogText.appendField(text, to: &bytes)
    return bytes
  }
}
