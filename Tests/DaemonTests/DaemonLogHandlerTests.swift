// SPDX-License-Identifier: Apache-2.0

import Logging
import Settings
import Testing

@testable import Daemon

@Suite struct DaemonLogHandlerTests {
  private let moment = RealTime(nanoseconds: 1_795_216_651_123_456_789)

  private func line(_ format: LogSettings.Format, _ message: String, _ facts: Logger.Metadata) -> String {
    String(decoding: DaemonLogHandler.entry(format, .info, message, facts, now: moment), as: UTF8.self)
  }

  @Test("Text lines hold time, level, message and sorted facts, quoted where needed")
  func text() {
    #expect(
      line(.text, "run failed", ["run": "00ff", "reason": "no \"such\" file", "event": "7"])
        == "2026-11-20T23:17:31.123456Z info     run failed event=7 reason=\"no \\\"such\\\" file\" run=00ff\n")
  }

  @Test("JSON lines are one object each")
  func json() {
    #expect(
      line(.json, "script output", ["output": "a\"b\n\u{1b}[2J"])
        == """
        {"time":"2026-11-20T23:17:31.123456Z","level":"info","message":"script output","output":"a\\"b\\n\\u001b[2J"}\n
        """)
  }

  @Test("What a script prints cannot begin a line of its own or move a terminal's cursor")
  func control() {
    let text = line(.text, "script output", ["output": "x\n2026 forged\u{1b}[2J\u{9b}1m"])
    #expect(text.filter { $0 == "\n" }.count == 1)
    #expect(!text.unicodeScalars.contains("\u{1b}"))
    #expect(!text.unicodeScalars.contains("\u{9b}"))
  }

  @Test("A value of one word is escaped too where it holds control characters, and a huge one is cut")
  func words() {
    #expect(!line(.text, "script output", ["output": "\u{9b}2J"]).unicodeScalars.contains("\u{9b}"))
    let cut = line(.json, "script output", ["output": "\(String(repeating: "x", count: 1_000_000))"])
    #expect(cut.utf8.count < 10_000)
    #expect(cut.contains("(1000000 bytes)"))
  }
}
