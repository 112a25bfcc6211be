// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Daemon

@Suite struct LiveOutputsTests {
  private let live = LiveOutputs()

  private func add(_ line: String, of run: Int64 = 1) {
    Array(line.utf8).withUnsafeBufferPointer { live.add($0, of: run) }
  }

  @Test("what was printed is handed out from an offset on, until the run ends")
  func offsets() throws {
    live.begin(1)
    add("one")
    add("two")
    let all = try #require(live.output(of: 1, after: 0))
    #expect(String(decoding: all.bytes, as: UTF8.self) == "one\ntwo\n")
    #expect(String(decoding: try #require(live.output(of: 1, after: 4)).bytes, as: UTF8.self) == "two\n")
    #expect(live.output(of: 1, after: 100)?.bytes.isEmpty == true)
    #expect(live.output(of: 2, after: 0) == nil)
  }

  @Test("a run that nobody watched is forgotten at its end; who watched it can read the rest")
  func endings() {
    for run in [Int64(1), 2] { live.begin(run) }
    #expect(live.output(of: 1, after: 0)?.isEnded == false)
    for run in [Int64(1), 2] {
      add("last", of: run)
      live.end(run)
    }
    let rest = live.output(of: 1, after: 0)
    #expect(rest?.isEnded == true)
    #expect(rest?.bytes == Array("last\n".utf8))
    #expect(live.output(of: 2, after: 0) == nil)
    live.begin(1)
    #expect(live.output(of: 1, after: 0)?.bytes == [])
    #expect(live.output(of: 1, after: 0)?.isEnded == false)
  }

  @Test("of those that were watched only the last are kept")
  func bound() {
    let runs = 1...Int64(LiveOutputs.endedLimit + 3)
    for run in runs {
      live.begin(run)
      _ = live.output(of: run, after: 0)
      live.end(run)
    }
    #expect(runs.filter { live.output(of: $0, after: 0) != nil } == Array(runs.dropFirst(3)))
  }

  @Test("of much output the end is kept, and where it begins is said")
  func much() throws {
    live.begin(1)
    for _ in 0..<(4 * LiveOutputs.limit / 100) { add(String(repeating: "x", count: 99)) }
    let tail = try #require(live.output(of: 1, after: 0))
    #expect(tail.offset > 0)
    #expect((LiveOutputs.limit...2 * LiveOutputs.limit).contains(tail.bytes.count))
    #expect(tail.offset + UInt64(tail.bytes.count) == UInt64(4 * LiveOutputs.limit / 100 * 100))
  }
}
