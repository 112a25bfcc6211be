// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Scripts
import Testing

/// What scripts print, however much it is.
@Suite(.timeLimit(.minutes(3))) struct OutputTests {
  @Test("Both streams are read, each by lines, each kept")
  func streams() async throws {
    let workshop = try Workshop()
    let script = try workshop.script("echo out 1; echo err 1 >&2; printf 'out 2'; printf 'err\\n\\n2' >&2")
    let (record, completion) = await workshop.run(Invocation(script))
    #expect(record.lines.filter { $0.stream == .standardOutput }.map(\.text) == ["out 1", "out 2"])
    #expect(record.lines.filter { $0.stream == .standardError }.map(\.text) == ["err 1", "err", "", "2"])
    #expect(completion.standardOutput.text == "out 1\nout 2")
    #expect(completion.standardError.text == "err 1\nerr\n\n2")
  }

  @Test("Output arrives while the script runs")
  func live() async throws {
    let workshop = try Workshop()
    let attempt = workshop.start(Invocation(try workshop.script("echo now; sleep 1000")))
    let record = await workshop.recorder.wait(for: attempt) { !$0.lines.isEmpty }
    #expect(record.lines.map(\.text) == ["now"] && record.completions.isEmpty)
  }

  @Test("A full pipe of output at the end is read to its end")
  func fullPipe() async throws {
    let workshop = try Workshop(outputLimit: 1 << 20)
    let (_, completion) = await workshop.run(Invocation("/usr/bin/head", ["-c", "500000", "/dev/zero"]))
    #expect(completion.standardOutput.head.count + completion.standardOutput.tail.count == 500_000)
  }

  @Test("A long line comes in pieces")
  func longLine() async throws {
    let workshop = try Workshop()
    let script = try workshop.script("head -c 40000 /dev/zero | tr '\\0' x; echo; echo end")
    let (record, _) = await workshop.run(Invocation(script))
    #expect(record.lines.map(\.text.utf8.count) == [16_384, 16_384, 7_232, 3])
  }

  @Test("A script that never stops printing does not delay another one")
  func fairness() async throws {
    let workshop = try Workshop(keepsLines: false)
    let flood = workshop.start(Invocation("/usr/bin/yes", [String(repeating: "y", count: 500)]))
    _ = await workshop.recorder.wait(for: flood) { $0.printedBytes > 1 << 20 }
    for _ in 0..<20 {
      let (_, completion) = await workshop.run(Invocation("/bin/echo", ["hello"]))
      #expect(completion.outcome == .exited(0) && completion.standardOutput.text == "hello\n")
      #expect(completion.duration < .seconds(10))
    }
    workshop.runner.interruptAll()
    #expect(await workshop.end(of: flood).completion.outcome == .interrupted)
  }
}
