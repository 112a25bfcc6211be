// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Scripts
import Testing

/// How scripts are ended, and what their ends wait for.
@Suite(.timeLimit(.minutes(3))) struct EndingTests {
  private let soon = Duration.milliseconds(150)

  @Test("A timeout ends a script with TERM; it is a timeout even if the script then exits with 0")
  func timeout() async throws {
    let workshop = try Workshop()
    let script = try workshop.script("trap 'echo asked; exit 0' TERM; sleep 1000 & wait")
    let (record, completion) = await workshop.run(Invocation(script, timeout: soon))
    #expect(completion.outcome == .timedOut)
    #expect(record.lines.map(\.text) == ["asked"])
    #expect(completion.duration >= soon && completion.duration < .seconds(20))
  }

  @Test("One that ignores TERM is killed after killAfter, and its child with it")
  func stubborn() async throws {
    let workshop = try Workshop()
    let script = try workshop.script("trap '' TERM; sleep 1000 & echo $!; wait")
    let (record, completion) = await workshop.run(Invocation(script, timeout: soon, killAfter: soon))
    #expect(completion.outcome == .timedOut)
    #expect(completion.duration >= soon + soon)
    #expect(ends(try #require(record.printedPID)))
  }

  @Test("A child that outlives its script's TERM has until killAfter, and no longer")
  func stubbornChild() async throws {
    let workshop = try Workshop()
    let script = try workshop.script("(trap '' TERM; sleep 1000 & wait; sleep 1000) & echo $!; wait")
    let (record, completion) = await workshop.run(Invocation(script, timeout: soon, killAfter: .milliseconds(400)))
    #expect(completion.outcome == .timedOut)
    #expect(ends(try #require(record.printedPID)))
  }

  @Test("A child that cleans up after TERM is waited for, and not killed")
  func cleaningChild() async throws {
    let workshop = try Workshop()
    let cleaned = "\(workshop.directory)/cleaned"
    let script = try workshop.script(
      "(trap 'sleep 0.2; touch \(cleaned); exit' TERM; echo ready; sleep 1000 & wait) >&2 & wait")
    let (record, completion) = await workshop.run(Invocation(script, timeout: .milliseconds(500)))
    #expect(completion.outcome == .timedOut)
    #expect(record.lines.map(\.text) == ["ready"])
    #expect(FileManager.default.fileExists(atPath: cleaned))
    #expect(completion.duration < .seconds(20))
  }

  @Test("A stopped script ends too", arguments: ["", "trap '' TERM; "])
  func stopped(preparation: String) async throws {
    let workshop = try Workshop()
    let script = try workshop.script("\(preparation)kill -STOP $$; \(preparation)while :; do kill -STOP $$; done")
    let (_, completion) = await workshop.run(Invocation(script, timeout: soon, killAfter: soon))
    #expect(completion.outcome == .timedOut)
  }

  @Test("What a script leaves in the background delays nothing and lives on, though it holds the pipes")
  func background() async throws {
    let workshop = try Workshop()
    let script = try workshop.script("sleep 1000 & echo $!; echo done")
    let (record, completion) = await workshop.run(Invocation(script))
    let left = try #require(record.printedPID)
    defer { kill(left, SIGKILL) }
    #expect(completion.outcome == .exited(0))
    #expect(record.lines.last?.text == "done")
    #expect(lives(left))
  }

  @Test("One that closes its output and goes on is waited for")
  func closedOutput() async throws {
    let workshop = try Workshop()
    let (_, completion) = await workshop.run(Invocation(try workshop.script("exec >&- 2>&-; sleep 0.3; exit 3")))
    #expect(completion.outcome == .exited(3))
    #expect(completion.duration >= .milliseconds(300))
  }

  @Test("An interruption ends every script, running or waiting for its start, once")
  func interruption() async throws {
    let workshop = try Workshop()
    let attempts = (0..<60).map { _ in workshop.start(Invocation("/bin/sleep", ["1000"])) }
    let first = try #require(attempts.first)
    _ = await workshop.recorder.wait(for: first) { $0.pid != nil }
    workshop.runner.interruptAll()
    for attempt in attempts {
      #expect(await workshop.end(of: attempt).completion.outcome == .interrupted)
    }
    #expect(await workshop.run(Invocation("/bin/true")).completion.outcome == .exited(0))
    workshop.runner.close()
    #expect(attempts.allSatisfy { workshop.recorder.record(of: $0).completions.count == 1 })
  }

  @Test("An interruption kills what ignores TERM")
  func stubbornInterruption() async throws {
    let workshop = try Workshop()
    let script = try workshop.script("trap '' TERM; echo ready; while :; do sleep 1000; done")
    let attempt = workshop.start(Invocation(script, killAfter: soon))
    _ = await workshop.recorder.wait(for: attempt) { !$0.lines.isEmpty }
    workshop.runner.interruptAll()
    #expect(await workshop.end(of: attempt).completion.outcome == .interrupted)
  }

  @Test("An interruption right before the closing is not lost, nor is the closing")
  func interruptionAndClosing() throws {
    for _ in 0..<300 {
      let recorder = Recorder()
      let runner = try ScriptRunner(outputLimit: 0, observer: recorder)
      runner.start(Invocation("/bin/sleep", ["1000"]), as: AttemptID(1))
      runner.interruptAll()
      runner.close()
      #expect(recorder.record(of: AttemptID(1)).completions.map(\.outcome) == [.interrupted])
    }
  }

  @Test("Closing waits for the last script; what comes later ends as interrupted, unstarted")
  func closing() throws {
    let workshop = try Workshop()
    let attempt = workshop.start(Invocation("/bin/sleep", ["0.2"]))
    workshop.runner.close()
    #expect(workshop.recorder.record(of: attempt).completions.map(\.outcome) == [.exited(0)])
    let late = workshop.start(Invocation("/bin/true"))
    #expect(workshop.recorder.record(of: late).completions.map(\.outcome) == [.interrupted])
    #expect(workshop.recorder.record(of: late).pid == nil)
    workshop.runner.close()
  }

  @Test("Many at a time each end with their own outcome")
  func many() async throws {
    let workshop = try Workshop()
    let script = try workshop.script("echo \"$1\"; exit \"$1\"")
    let attempts = (0..<100).map { ($0, workshop.start(Invocation(script, ["\($0)"]))) }
    for (code, attempt) in attempts {
      let (record, completion) = await workshop.end(of: attempt)
      #expect(completion.outcome == .exited(Int32(code)))
      #expect(record.lines.map(\.text) == ["\(code)"])
    }
  }
}
