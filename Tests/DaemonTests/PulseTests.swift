// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import Testing

@testable import Daemon

@Suite struct PulseTests {
  private static let tolerance = Duration.seconds(1)

  private func look(_ pulse: Pulse, after: Duration, inKernel: Bool = false) -> Pulse.Finding {
    pulse.look(
      at: clinux_monotonic_time() + after.nanoseconds, tolerance: Self.tolerance, isWaitingInKernel: { _ in inKernel })
  }

  @Test("A thread that keeps its word moves, one that breaks it hangs, and the next beat ends that")
  func promise() {
    let pulse = Pulse("journal")
    // Nothing is expected of a thread that has not begun.
    #expect(look(pulse, after: .seconds(100)) == .moves)
    pulse.beat(within: .seconds(10))
    #expect(look(pulse, after: .seconds(10)) == .moves)
    guard case .hangs = look(pulse, after: .seconds(12)) else {
      Issue.record("12 s after a beat that promised another within 10 s it does not count as hanging")
      return
    }
    pulse.beat(within: .seconds(100))
    #expect(look(pulse, after: .seconds(12)) == .moves)
    pulse.end()
    #expect(look(pulse, after: .seconds(1000)) == .moves)
  }

  @Test("A thread that sleeps in the kernel for a disk or a file server waits, and does not hang")
  func kernel() {
    let pulse = Pulse("journal")
    pulse.beat(within: .zero)
    guard case .waits = look(pulse, after: .seconds(100), inKernel: true) else {
      Issue.record("a wait in the kernel is taken for a hang")
      return
    }
  }

  @Test("A wait whose end nobody knows is no hang, and a promise too large for the clock is none either")
  func unknown() {
    let pulse = Pulse("spawner")
    pulse.beat(within: nil)
    guard case .waits = look(pulse, after: .seconds(1_000_000)) else {
      Issue.record("a known wait is taken for a hang")
      return
    }
    pulse.beat(within: .seconds(Int64.max))
    #expect(look(pulse, after: .seconds(1_000_000)) == .moves)
  }

  @Test("A sleeping thread is not taken for one in uninterruptible sleep, a parent of vfork(2) is")
  func states() async throws {
    #expect(!ThreadFacts.isUninterruptible(clinux_thread_id()))
    // The parent of posix_spawn waits so until the child has executed: for as long as an execution hangs.
    let fifo = FileManager.default.temporaryDirectory.appendingPathComponent("onevent-pulse-\(UUID().uuidString)").path
    #expect(mkfifo(fifo, 0o600) == 0)
    defer { unlink(fifo) }
    let number = OnceBox<Int32>()
    let ended = OnceBox<Bool>()
    Thread.detachNewThread {
      number.set(clinux_thread_id())
      var actions = posix_spawn_file_actions_t()
      posix_spawn_file_actions_init(&actions)
      // Opening it waits for a reader, between vfork and exec.
      posix_spawn_file_actions_addopen(&actions, 1, fifo, O_WRONLY, 0)
      var pid: pid_t = 0
      var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
      var environment: [UnsafeMutablePointer<CChar>?] = [nil]
      if posix_spawn(&pid, "/bin/true", &actions, nil, &arguments, &environment) == 0 { waitpid(pid, nil, 0) }
      free(arguments[0])
      posix_spawn_file_actions_destroy(&actions)
      ended.set(true)
    }
    while number.value.map(ThreadFacts.isUninterruptible) != true {
      try #require(ended.value == nil, "the child was executed although nobody reads its output")
      await Task.yield()
    }
    close(open(fifo, O_RDONLY | O_CLOEXEC))
    while ended.value == nil { await Task.yield() }
  }
}
