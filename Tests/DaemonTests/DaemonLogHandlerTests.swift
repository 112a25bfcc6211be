// SPDX-License-Identifier: Apache-2.0

import Foundation
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

  @Test(
    "Nothing that hides, turns or breaks a line gets into the log, in any format",
    arguments: [LogSettings.Format.text, .json, .journal])
  func harmful(_ format: LogSettings.Format) {
    let ranges: [ClosedRange<UInt32>] = [
      0...0x1f, 0x7f...0x9f, 0x61c...0x61c, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069,
    ]
    let harmful = ranges.flatMap { $0.compactMap(Unicode.Scalar.init) }
    for scalar in harmful {
      let bytes = DaemonLogHandler.entry(
        format, .info, "m\(Character(scalar))m", ["output": "v\(Character(scalar))v"], now: moment)
      guard format == .journal else {
        // The line's own end, and no other.
        #expect(bytes.last == UInt8(ascii: "\n"))
        let line = String(decoding: bytes.dropLast(), as: UTF8.self)
        #expect(!line.unicodeScalars.contains { harmful.contains($0) }, "\(scalar.value)")
        continue
      }
      for (name, value) in JournalEntry.fields(of: bytes[...]) {
        // Its form counts bytes, so that breaks may stay in fields; what people are shown is one line.
        let allowed: [Unicode.Scalar] = name == "MESSAGE" ? [] : ["\n", "\t"]
        let text = String(decoding: value, as: UTF8.self)
        #expect(
          !text.unicodeScalars.contains { harmful.contains($0) && !allowed.contains($0) }, "\(name) \(scalar.value)")
      }
    }
  }

  @Test("An escaped value is the same value for whoever reads JSON")
  func faithful() throws {
    let value = "a\u{9b}\u{202e}\u{2028}\u{7}\\\"é😀\u{e0041}"
    let object = try JSONSerialization.jsonObject(with: Data(line(.json, "m", ["output": "\(value)"]).utf8))
    #expect((object as? [String: String])?["output"] == value)
  }

  @Test("What is seen as one character may be of any size, and is cut all the same")
  func marks() {
    let cut = line(.text, "m", ["output": "e\(String(repeating: "\u{301}", count: 500_000))"])
    #expect(cut.utf8.count < 100_000)
  }
}
