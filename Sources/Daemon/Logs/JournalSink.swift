// SPDX-License-Identifier: Apache-2.0

import Logging
import Settings
import Synchronization

/// The system journal: each entry is a datagram to its socket.
///
/// While the socket takes nothing, lines go to standard error instead, and the first of them says so. The socket is
/// tried again with each entry, which costs a system call that fails at once.
final class JournalSink: LogSink {
  private let socket: DatagramSocket
  private let fallback: LineSink
  /// Whether standard error is a stream of the journal's, which takes a priority in front of a line: sd-daemon(3).
  private let marksPriority: Bool
  private let isFailing = Mutex(false)

  /// Sends to the socket of that path.
  init(to path: String, fallback: LineSink, marksPriority: Bool) throws(DatagramFailure) {
    socket = try DatagramSocket(to: path)
    self.fallback = fallback
    self.marksPriority = marksPriority
  }

  func write(_ bytes: [UInt8], ends: [Int]) -> Int {
    var start = 0
    var lost = 0
    for end in ends {
      lost += write(bytes[start..<end])
      start = end
    }
    return lost
  }

  private func write(_ entry: ArraySlice<UInt8>) -> Int {
    do throws(DatagramFailure) {
      try socket.sendAnySize(entry)
      if isFailing.withLock({ exchange(&$0, with: false) }) {
        send(.notice, "system journal takes log entries again", [])
      }
      return 0
    } catch {
      var lines: [UInt8] = []
      if !isFailing.withLock({ exchange(&$0, with: true) }) {
        lines += line(
          of: Self.entry(
            .error, "system journal takes no log entries: they go to standard error",
            [(LogKey.reason, "\(error)")])[...])
      }
      lines += line(of: entry)
      return fallback.write(lines, ends: [lines.count])
    }
  }

  private func send(_ level: Logger.Level, _ message: String, _ facts: [(key: String, value: String)]) {
    try? socket.send(Self.entry(level, message, facts)[...])
  }

  private static func entry(
    _ level: Logger.Level, _ message: String, _ facts: [(key: String, value: String)]
  ) -> [UInt8] {
    let metadata = Dictionary(facts.map { ($0.key, Logger.MetadataValue.string($0.value)) }) { first, _ in first }
    return DaemonLogHandler.entry(.journal, level, message, metadata, now: RealTime.now)
  }

  /// The line that stands for an entry: what its `MESSAGE` says, with the time or the priority in front.
  private func line(of entry: ArraySlice<UInt8>) -> [UInt8] {
    let fields = JournalEntry.fields(of: entry)
    let priority = fields.first { $0.name == "PRIORITY" }.map { String(decoding: $0.value, as: UTF8.self) } ?? "6"
    var line = Array((marksPriority ? "<\(priority)>" : "\(RealTime.now.iso8601) <\(priority)> ").utf8)
    line += fields.first { $0.name == "MESSAGE" }?.value ?? []
    line.append(UInt8(ascii: "\n"))
    return line
  }
}

/// Sets a value and returns what it was.
private func exchange<Value>(_ value: inout Value, with new: Value) -> Value {
  defer { value = new }
  return value
}
