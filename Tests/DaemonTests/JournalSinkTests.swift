// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import Logging
import ProgramFixture
import Settings
import Testing

@testable import Daemon

@Suite struct JournalSinkTests {
  private func place(_ name: String) -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("onevent-\(name)-\(UUID().uuidString)").path
  }

  /// Reads an entry as systemd's documentation has it; nothing of the encoder is used.
  private func parse(_ entry: Data) throws -> [(name: String, value: Data)] {
    var fields: [(name: String, value: Data)] = []
    var rest = entry[...]
    while !rest.isEmpty {
      let line = rest.prefix { $0 != UInt8(ascii: "\n") }
      if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
        fields.append((String(decoding: line[..<equals], as: UTF8.self), Data(line[(equals + 1)...])))
        rest = rest[line.endIndex...].dropFirst()
        continue
      }
      rest = rest[line.endIndex...].dropFirst()
      try #require(rest.count >= 8)
      var length = 0
      for (place, byte) in rest.prefix(8).enumerated() { length |= Int(byte) << (8 * place) }
      rest = rest.dropFirst(8)
      try #require(rest.count > length)
      fields.append((String(decoding: line, as: UTF8.self), Data(rest.prefix(length))))
      rest = rest.dropFirst(length)
      try #require(rest.first == UInt8(ascii: "\n"))
      rest = rest.dropFirst()
    }
    return fields
  }

  private func text(_ name: String, _ fields: [(name: String, value: Data)]) -> String? {
    fields.first { $0.name == name }.map { String(decoding: $0.value, as: UTF8.self) }
  }

  @Test("An entry has priority, identifier, a sentence, and a field for each fact")
  func entry() throws {
    let bytes = DaemonLogHandler.entry(
      .journal, .error, "run failed",
      [
        "run": "00ff", "action": "lease begins", "event_type": "a.b", "drain_timeout": "1s",
        "output": "one\ntwo\u{1b}[2J",
      ],
      now: RealTime(nanoseconds: 0))
    let fields = try parse(Data(bytes))
    #expect(text("PRIORITY", fields) == "3")
    #expect(text("SYSLOG_IDENTIFIER", fields) == "onevent")
    #expect(text("ONEVENT_MESSAGE", fields) == "run failed")
    #expect(text("ONEVENT_RUN_ID", fields) == "00ff")
    #expect(text("ONEVENT_ACTION", fields) == "lease begins")
    #expect(text("ONEVENT_EVENT_TYPE", fields) == "a.b")
    #expect(text("ONEVENT_DRAIN_TIMEOUT", fields) == "1s")
    #expect(text("ONEVENT_OUTPUT", fields) == "one\ntwo\\u{1b}[2J")
    let message = try #require(text("MESSAGE", fields))
    #expect(message.hasPrefix("run failed action=\"lease begins\" drain_timeout=1s event_type=a.b output=\"one\\ntwo"))
    #expect(!message.contains("\n"))
  }

  @Test("Whatever a value holds, it comes out as it went in, and no field is forged")
  func fuzz() throws {
    var random = SystemRandomNumberGenerator()
    let spiteful: [UInt8] = [0, 10, 13, 27, 61, 65, 95, 0x80, 0xff]
    for _ in 0..<2_000 {
      let values = (0..<Int.random(in: 1...5, using: &random)).map { _ in
        (0..<Int.random(in: 0...40, using: &random)).map { _ in
          Bool.random(using: &random)
            ? spiteful[Int.random(in: 0..<spiteful.count, using: &random)] : UInt8.random(in: 0...255, using: &random)
        }
      }
      var entry: [UInt8] = []
      for (number, value) in values.enumerated() { JournalEntry.append("FIELD_\(number)", value, to: &entry) }
      let fields = try parse(Data(entry))
      #expect(fields.map(\.name) == values.indices.map { "FIELD_\($0)" })
      #expect(fields.map { [UInt8]($0.value) } == values)
      // The reader for the fallback agrees.
      #expect(JournalEntry.fields(of: entry[...]).map { Array($0.value) } == values)
    }
    // Torn entries are read as far as they go.
    var torn: [UInt8] = []
    JournalEntry.append("A", Array("one".utf8), to: &torn)
    JournalEntry.append("B", Array("two\nlines".utf8), to: &torn)
    for length in 0..<torn.count { _ = JournalEntry.fields(of: torn[..<length]) }
    #expect(JournalEntry.fields(of: torn[..<(torn.count - 3)]).map(\.name) == ["A"])
  }

  @Test(
    "Names of fields are those that the journal takes",
    arguments: [
      ("action", "ONEVENT_ACTION"), ("run", "ONEVENT_RUN_ID"), ("events.v2-x", "ONEVENT_EVENTS_V2_X"),
      ("ünï", "ONEVENT__N_"), (String(repeating: "k", count: 100), "ONEVENT_" + String(repeating: "K", count: 56)),
    ])
  func names(_ key: String, _ name: String) {
    #expect(JournalEntry.fieldName(of: key) == name)
  }

  @Test(
    "Entries are datagrams; one that fits none comes as a sealed file", arguments: [100, 16 << 10, 1 << 20, 12 << 20])
  func sizes(_ size: Int) throws {
    let receiver = try DatagramReceiver(at: place("sizes"))
    let sink = try JournalSink(to: receiver.address, fallback: LineSink(descriptor: -1), marksPriority: false)
    var entry: [UInt8] = []
    var message = [UInt8](repeating: UInt8(ascii: "x"), count: size)
    (message[size / 2], message[size / 2 + 1]) = (0, UInt8(ascii: "\n"))
    JournalEntry.append("MESSAGE", message, to: &entry)
    #expect(sink.write(entry + entry, ends: [entry.count, 2 * entry.count]) == 0)
    for datagram in try receiver.wait(for: 2) {
      #expect([UInt8](datagram.bytes) == entry)
      #expect(datagram.isSealed == datagram.isFile)
      if size >= 12 << 20 { #expect(datagram.isFile) }
    }
  }

  @Test("While nobody takes entries, lines go to standard error, which is said once; then they are taken again")
  func fallback() throws {
    let file = place("lines")
    let descriptor = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    defer {
      close(descriptor)
      unlink(file)
    }
    let address = place("fallback")
    let sink = try JournalSink(to: address, fallback: LineSink(descriptor: descriptor), marksPriority: true)
    func write(_ message: String) -> Int {
      let entry = DaemonLogHandler.entry(
        .journal, .warning, message, ["output": "a\nb"], now: RealTime(nanoseconds: 0))
      return sink.write(entry, ends: [entry.count])
    }
    #expect(write("one") == 0)
    #expect(write("two") == 0)
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix("<3>system journal takes no log entries: they go to standard error reason="))
    #expect(lines[0].contains("No such file"))
    #expect(lines[1...].elementsEqual(["<4>one output=\"a\\nb\"", "<4>two output=\"a\\nb\""]))

    let receiver = try DatagramReceiver(at: address)
    #expect(write("three") == 0)
    let entries = try receiver.wait(for: 2).map { try parse($0.bytes) }
    #expect(text("ONEVENT_MESSAGE", entries[0]) == "three")
    #expect(text("ONEVENT_MESSAGE", entries[1]) == "system journal takes log entries again")
    #expect(try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").count == 3)
  }

  @Test("A descriptor that takes nothing loses entries, counts them, and does not keep the log's thread busy")
  func broken() throws {
    let ends = UnsafeMutablePointer<Int32>.allocate(capacity: 2)
    defer { ends.deallocate() }
    #expect(pipe(ends) == 0)
    close(ends[0])
    defer { close(ends[1]) }
    // Blocked for this thread only: a write to this pipe would end the tests.
    var pipeSignal = sigset_t()
    sigemptyset(&pipeSignal)
    sigaddset(&pipeSignal, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &pipeSignal, nil)
    let lines = Array("one\ntwo\n".utf8)
    #expect(LineSink(descriptor: ends[1]).write(lines, ends: [4, 8]) == 2)
    _ = clinux_signal_wait(&pipeSignal, 0)
    pthread_sigmask(SIG_UNBLOCK, &pipeSignal, nil)
  }

  @Test(
    "The environment of a service is understood",
    arguments: [
      ([:], false, nil, nil),
      (["JOURNAL_STREAM": "8:77"], true, nil, nil),
      (["JOURNAL_STREAM": "8:78"], false, nil, nil),
      (["NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "5"], false, "/run/x", 2),
      (["NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "6"], false, "@x", nil),
      (["NOTIFY_SOCKET": "vsock:2:1", "WATCHDOG_USEC": "soon"], false, nil, nil),
      (["NOTIFY_SOCKET": "@", "WATCHDOG_USEC": "-1"], false, nil, nil),
    ] as [([String: String], Bool, String?, Int64?)])
  func environment(_ variables: [String: String], _ logs: Bool, _ socket: String?, _ watchdog: Int64?) {
    let environment = ServiceEnvironment(process: 5, standardError: (8, 77)) { variables[$0] }
    #expect(environment.logsToJournal == logs)
    #expect(environment.notifySocket == socket)
    #expect(environment.watchdog == watchdog.map { .seconds($0) })
  }
}
