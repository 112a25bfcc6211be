// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Scripts
import Testing

/// What needs a process of its own: to count what is left behind, or to change the whole process.
///
/// One after the other: waiting for such a process occupies a thread of the pool that all tests share.
@Suite(.serialized, .timeLimit(.minutes(3))) struct OwnProcessTests {
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

  @Test("What an ordinary user may not enter or execute is named")
  func ordinaryUser() async {
    await #expect(processExitsWith: .success) {
      let workshop = try Workshop()
      #expect(chmod(workshop.directory, 0o755) == 0)
      let script = try workshop.script("exit 0")
      let foreign = try workshop.script("exit 0")
      let closed = "\(workshop.directory)/closed"
      mkdir(closed, 0o755)
      let hidden = try workshop.file("closed/it", Array("#!/bin/sh\n".utf8))
      #expect(chmod(foreign, 0o700) == 0 && chmod(closed, 0o600) == 0)
      // An ordinary user where the tests run as root, and so is its runner; root again to clear away.
      let user = geteuid()
      if user == 0 { #expect(setreuid(65_534, 0) == 0 && seteuid(65_534) == 0) }
      defer { seteuid(user) }
      let runner = try ScriptRunner(outputLimit: 0, observer: workshop.recorder)
      var lastAttempt: UInt64 = 1_000
      func run(_ invocation: Invocation) async -> Outcome {
        lastAttempt += 1
        let attempt = AttemptID(lastAttempt)
        runner.start(invocation, as: attempt)
        return await workshop.end(of: attempt).completion.outcome
      }
      for (invocation, words) in [
        (Invocation(hidden), "may not enter the directory \(closed)"),
        (Invocation(script, directory: closed), "cannot enter its working directory \(closed)"),
      ] {
        let outcome = await run(invocation)
        guard case .couldNotStart(EACCES, let reason) = outcome else {
          Issue.record("outcome is \(outcome)")
          continue
        }
        #expect(reason.contains(words), "\(reason)")
      }
      #expect(await run(Invocation(script)) == .exited(0))
      runner.close()
    }
  }

  @Test("Exhausted descriptors are told with the limit's name, at every step, and nothing leaks")
  func descriptorLimit() async {
    await #expect(processExitsWith: .success) {
      let workshop = try Workshop()
      let invocation = Invocation("/bin/true", input: [65])
      #expect(await workshop.run(invocation).completion.outcome == .exited(0))
      _ = try await Footprint.settled()
      // Below the last of these, every number is taken.
      let last = (0..<64).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }.max() ?? -1
      let before = try await Footprint.settled().descriptors
      // RLIMIT_NOFILE, whose type differs between C and Swift.
      let openFiles = __rlimit_resource_t(7)
      var limit = rlimit()
      getrlimit(openFiles, &limit)
      var refusals = 0
      for spare in 0...12 as ClosedRange<rlim_t> {
        var lowered = limit
        lowered.rlim_cur = rlim_t(last + 1) + spare
        setrlimit(openFiles, &lowered)
        let outcome = await workshop.run(invocation).completion.outcome
        setrlimit(openFiles, &limit)
        if case .couldNotStart(EMFILE, let reason) = outcome {
          #expect(reason.contains("LimitNOFILE="), "\(reason)")
          refusals += 1
        } else {
          #expect(outcome == .exited(0))
        }
        #expect(Footprint.now().descriptors == before)
        #expect(Footprint.now().zombies == 0)
      }
      // Input and two pipes take five, the directory of a plain start one more, request and report of run-as three; what
      // the child is watched by takes the place of one of them. The runtime's timers may take two.
      #expect((6...10).contains(refusals))
    }
  }

  @Test("A flood on both streams costs no memory; what is not kept is counted")
  func flood() async {
    await #expect(processExitsWith: .success) {
      let workshop = try Workshop(outputLimit: 10_000, keepsLines: false)
      let line = String(repeating: "y", count: 999)
      let script = try workshop.script("(yes \(line) | head -c 100000000) & yes \(line) | head -c 100000000 >&2; wait")
      _ = await workshop.run(Invocation(try workshop.script("yes \(line) | head -c 1000000")))
      let before = Footprint.now().residentBytes
      let (record, completion) = await workshop.run(Invocation(script))
      #expect(completion.outcome == .exited(0))
      #expect(record.printedBytes == 2 * 99_900_000)
      for kept in [completion.standardOutput, completion.standardError] {
        #expect(kept.head.count == 5_000 && kept.tail.count == 5_000 && kept.dropped == 99_990_000)
      }
      #expect(Footprint.now().residentBytes - before < 8 << 20)
    }
  }
}
