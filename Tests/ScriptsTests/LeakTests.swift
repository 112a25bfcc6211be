// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Scripts
import Synchronization
import Testing

/// Nothing is left behind; in processes of their own, because other tests open descriptors at the same time.
@Suite(.timeLimit(.minutes(2))) struct LeakTests {
  @Test("The footprint notices one descriptor, one zombie and 4 MB")
  func detector() async {
    await #expect(processExitsWith: .success) {
      let before = try await Footprint.settled()

      let descriptor = open("/dev/null", O_RDONLY)
      #expect(Footprint.now().descriptors == before.descriptors + 1)
      close(descriptor)
      #expect(Footprint.now().descriptors == before.descriptors)

      var pid = pid_t()
      var words: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
      #expect(posix_spawn(&pid, "/bin/true", nil, nil, &words, environ) == 0)
      var information = siginfo_t()
      waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT)
      #expect(Footprint.now().zombies == before.zombies + 1)
      waitpid(pid, nil, 0)
      #expect(Footprint.now().zombies == before.zombies)

      let memory = UnsafeMutableRawPointer.allocate(byteCount: 4 << 20, alignment: 16)
      memset(memory, 1, 4 << 20)
      #expect(Footprint.now().residentBytes - before.residentBytes >= 4 << 20)
    }
  }

  @Test("After 10 000 runs there are the same descriptors, no zombie, and no more memory")
  func manyRuns() async {
    await #expect(processExitsWith: .success) {
      let relay = Relay(Invocation("/bin/true", input: [UInt8](repeating: 65, count: 2_200)))
      let runner = try ScriptRunner(outputLimit: 64 << 10, observer: relay)
      await relay.run(1_000, on: runner)
      let before = try await Footprint.settled()
      await relay.run(10_000, on: runner)
      let after = Footprint.now()
      #expect(relay.successes == 11_000)
      #expect(after.descriptors == before.descriptors)
      #expect(after.zombies == 0)
      #expect(after.residentBytes - before.residentBytes < 2 << 20)
      runner.close()
    }
  }

  @Test("Failed starts, timeouts and interruptions leave nothing either")
  func failures() async {
    await #expect(processExitsWith: .success) {
      let workshop = try Workshop()
      let crowd: @Sendable () async throws -> Void = {
        let attempts = (0..<20).flatMap { _ in
          [
            workshop.start(Invocation("/nowhere/it", input: [65])),
            workshop.start(Invocation("/bin/true", directory: "/nowhere")),
            workshop.start(Invocation("/etc/passwd", input: [65])),
            workshop.start(Invocation("/bin/sleep", ["1000"], timeout: .milliseconds(20))),
            workshop.start(Invocation("/bin/sleep", ["1000"])),
          ]
        }
        let last = try #require(attempts.last)
        _ = await workshop.recorder.wait(for: last) { $0.pid != nil }
        workshop.runner.interruptAll()
        for attempt in attempts { _ = await workshop.end(of: attempt) }
      }
      try await crowd()
      let before = try await Footprint.settled()
      try await crowd()
      #expect(Footprint.now().descriptors == before.descriptors)
      #expect(Footprint.now().zombies == 0)
    }
  }

  @Test("A closed runner gives back all that it had")
  func closed() async {
    await #expect(processExitsWith: .success) {
      let relay = Relay(Invocation("/bin/true"))
      let before = try await Footprint.settled().descriptors
      do {
        let runner = try ScriptRunner(outputLimit: 0, observer: relay)
        #expect(Footprint.now().descriptors > before)
        await relay.run(1, on: runner)
        runner.close()
      }
      #expect(Footprint.now().descriptors == before)
    }
  }

  @Test("Exit codes are seen although the process was started with SIGCHLD ignored")
  func ignoredSIGCHLD() async {
    await #expect(processExitsWith: .success) {
      signal(SIGCHLD, SIG_IGN)
      let workshop = try Workshop()
      let completion = await workshop.run(Invocation(try workshop.script("exit 7"))).completion
      #expect(completion.outcome == .exited(7))
    }
  }

  @Test("Streams are not mixed up although the process was started without standard descriptors")
  func closedStandardDescriptors() async {
    await #expect(processExitsWith: .success) {
      for descriptor in 0...2 as ClosedRange<Int32> { close(descriptor) }
      let workshop = try Workshop()
      let script = try workshop.script("cat; echo error >&2")
      let completion = await workshop.run(Invocation(script, input: Array("event".utf8))).completion
      #expect(completion.standardOutput.text == "event" && completion.standardError.text == "error\n")
    }
  }
}

/// Runs one invocation many times, with four at a time, each started where another one ends.
private final class Relay: RunObserver {
  private struct State {
    var left = 0
    var running = 0
    var successes = 0
    var runner: ScriptRunner?
    var continuation: CheckedContinuation<Void, Never>?
    var attempts: UInt64 = 0
  }

  private let state = Mutex(State())
  private let invocation: Invocation

  init(_ invocation: Invocation) { self.invocation = invocation }

  var successes: Int { state.withLock { $0.successes } }

  func run(_ count: Int, on runner: ScriptRunner) async {
    await withCheckedContinuation { continuation in
      state.withLock {
        $0.left = count
        $0.runner = runner
        $0.continuation = continuation
      }
      for _ in 0..<4 { next() }
    }
  }

  func started(_ attempt: AttemptID, pid: Int32) {}
  func printed(_ attempt: AttemptID, _ stream: Scripts.OutputStream, _ line: UnsafeBufferPointer<UInt8>) {}

  func ended(_ attempt: AttemptID, _ completion: Completion) {
    state.withLock {
      $0.running -= 1
      if completion.outcome == .exited(0) { $0.successes += 1 }
    }
    next()
  }

  private func next() {
    let (runner, attempt, continuation) = state.withLock { state in
      if state.left > 0 {
        state.left -= 1
        state.running += 1
        state.attempts += 1
        return (state.runner, AttemptID(state.attempts), nil as CheckedContinuation<Void, Never>?)
      }
      guard state.running == 0 else { return (nil, AttemptID(0), nil) }
      defer {
        state.continuation = nil
        state.runner = nil
      }
      return (nil, AttemptID(0), state.continuation)
    }
    runner?.start(invocation, as: attempt)
    continuation?.resume()
  }
}
