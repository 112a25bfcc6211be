// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import onevent

@Suite struct TextTests {
  private var table: TextTable {
    var table = TextTable([.init("RUN"), .init("ACTION", isFlexible: true), .init("STATE", isState: true)])
    table.append(["1", "a-very-long-action", "failed"])
    table.append(["22", "b\u{1B}[2J\tc", "running"])
    return table
  }

  @Test("into a file columns are separated by tabs, whole and without colour")
  func piped() {
    let lines = table.lines(for: Terminal(width: nil, hasColour: false))
    #expect(lines == ["RUN\tACTION\tSTATE", "1\ta-very-long-action\tfailed", "22\tb\\u{1b}[2J\\u{9}c\trunning"])
  }

  @Test("on a terminal columns are aligned, and the widest flexible one is cut until a line fits")
  func aligned() {
    let lines = table.lines(for: Terminal(width: 26, hasColour: false))
    #expect(lines == ["RUN  ACTION        STATE", "1    a-very-long…  failed", "22   b\\u{1b}[2J\\…  running"])
    #expect(lines.allSatisfy { $0.count <= 26 })
    let wide = table.lines(for: Terminal(width: 200, hasColour: false))
    #expect(wide[1] == "1    a-very-long-action  failed")
  }

  @Test("states have colours on a terminal, headings and other cells have none")
  func colour() {
    let lines = table.lines(for: Terminal(width: 80, hasColour: true))
    #expect(lines[1].hasSuffix("\u{1B}[31mfailed\u{1B}[0m"))
    #expect(lines[2].hasSuffix("\u{1B}[36mrunning\u{1B}[0m"))
    #expect(!lines[0].contains("\u{1B}"))
  }

  @Test("nothing that moves a cursor or hides text reaches a terminal")
  func printable() {
    #expect("a\u{7F}\u{9B}31m\u{202E}b\u{2028}\nc é".printable == "a\\u{7f}\\u{9b}31m\\u{202e}b\\u{2028}\\nc é")
    #expect("a\tb\r".printableLine == "a\tb\\u{d}")
  }

  @Test(
    "a time is so long ago, or an instant",
    arguments: [
      ("90s", 910), ("-90s", 910), ("now-2m", 880), ("2m", 880), ("0h", 1000), ("1970-01-01T00:00:10Z", 10),
      ("1970-01-01 00:00:10", 10),
      ("1970-01-01T01:00:00+01:00", 0),
    ])
  func times(text: String, seconds: Int64) {
    #expect(TimeInput(text, now: 1000 * 1_000_000_000)?.nanoseconds == seconds * 1_000_000_000)
  }

  @Test("what is no time is none", arguments: ["", "h", "1.5h", "2 h", "soon", "99999999999999w", "2026-02-30"])
  func noTimes(text: String) {
    #expect(TimeInput(text, now: 1000) == nil)
  }

  @Test(
    "names of records tell runs from events",
    arguments: [
      ("17", RecordName.run("17")), ("e17", .event(17)), ("u3", .unmatched(3)), ("e17f", .run("e17f")),
      ("abcd", .run("abcd")), ("e" + String(repeating: "1", count: 31), .run("e" + String(repeating: "1", count: 31))),
      ("e", nil), ("x1", nil), ("", nil), ("u", nil), ("./17", nil),
    ])
  func names(text: String, expected: RecordName?) {
    #expect(RecordName(argument: text) == expected)
  }

  @Test(
    "where an event is meant, a number is one",
    arguments: [
      ("17", EventName.stored(17)), ("e17", .stored(17)), ("u3", .unmatched(3)), ("abcd", nil), ("./17", nil),
      ("-", nil),
    ])
  func eventNames(text: String, expected: EventName?) {
    #expect(EventName(argument: text) == expected)
  }

  @Test(
    "sizes are said in the unit that leaves at most five digits",
    arguments: [(0, "0 bytes"), (10_239, "10239 bytes"), (10_240, "10 KiB"), (4 << 30, "4096 MiB")])
  func sizes(bytes: Int64, text: String) {
    #expect(StatusReport.size(bytes) == text)
  }
}
