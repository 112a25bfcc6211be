// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Events

@Suite struct RetryPolicyTests {
  @Test("Without a number there are three retries, and none where the broker waits for the run")
  func defaults() {
    var policy = RetryPolicy()
    #expect(policy.retries(underRunSettlement: false) == 3)
    #expect(policy.retries(underRunSettlement: true) == 0)
    for number in [0, 1, 7] {
      policy.retries = number
      #expect(policy.retries(underRunSettlement: false) == number)
      #expect(policy.retries(underRunSettlement: true) == number)
    }
  }

  @Test("The longest wait grows by the factor up to the longest of all")
  func growth() {
    let policy = RetryPolicy()
    let waits = (1...9).map { policy.delay(afterAttempt: $0, jitter: 1) }
    #expect(waits == [10, 20, 40, 80, 160, 320, 600, 600, 600].map { .seconds($0) })
    var half = policy
    half.backoff = 1.5
    #expect(half.delay(afterAttempt: 3, jitter: 1) == .milliseconds(22_500))
    var even = policy
    even.backoff = 1
    #expect(even.delay(afterAttempt: 1000, jitter: 1) == .seconds(10))
  }

  @Test("A wait is uniform between nothing and the longest")
  func jitter() {
    let policy = RetryPolicy()
    #expect(policy.delay(afterAttempt: 1, jitter: 0) == .zero)
    #expect(policy.delay(afterAttempt: 1, jitter: 0.25) == .milliseconds(2500))
    #expect(policy.delay(afterAttempt: 2, jitter: 0.5) == .seconds(10))
    #expect(policy.delay(afterAttempt: 20, jitter: 0.5) == .seconds(300))
  }

  @Test("Nothing overflows, whatever the numbers are, and no wait is negative or longer than the longest")
  func extremes() {
    var policy = RetryPolicy()
    let attempts = [Int.min, -1, 0, 1, 2, 63, 64, 1024, 100_000, Int.max]
    let jitters = [-Double.infinity, -1, 0, .leastNonzeroMagnitude, 0.5, 1, 2, .infinity, .nan]
    for backoff in [0, 1, 1.000001, 2, 100, Double.greatestFiniteMagnitude, .infinity, .nan] {
      for (delay, maxDelay) in [
        (Duration.seconds(10), Duration.seconds(600)), (.zero, .seconds(600)), (.seconds(600), .seconds(10)),
        (.seconds(1), .zero), (.seconds(Int64.max), .seconds(Int64.max)), (.seconds(-1), .seconds(5)),
      ] {
        policy.backoff = backoff
        policy.delay = delay
        policy.maxDelay = maxDelay
        for attempt in attempts {
          for jitter in jitters {
            let wait = policy.delay(afterAttempt: attempt, jitter: jitter)
            #expect(wait >= .zero && wait <= max(maxDelay, .zero))
          }
        }
      }
    }
    policy = RetryPolicy()
    #expect(policy.delay(afterAttempt: Int.max, jitter: 1) == .seconds(600))
    #expect(policy.delay(afterAttempt: Int.min, jitter: 1) == .seconds(10))
    #expect(policy.delay(afterAttempt: 1, jitter: .nan) == .seconds(10))
  }

  /// An outcome, and whether it is retried under either trigger.
  struct Case: CustomStringConvertible {
    var outcome: Outcome
    var tempfail: Bool
    var failure: Bool
    var description: String { "\(outcome)" }

    init(_ outcome: Outcome, tempfail: Bool, failure: Bool) {
      self.outcome = outcome
      self.tempfail = tempfail
      self.failure = failure
    }
  }

  private static let ends = [
    Case(.exited(0), tempfail: false, failure: false), Case(.exited(75), tempfail: true, failure: true),
    Case(.exited(1), tempfail: false, failure: true), Case(.exited(255), tempfail: false, failure: true),
    Case(.exited(74), tempfail: false, failure: true), Case(.exited(125), tempfail: false, failure: true),
    Case(.exited(126), tempfail: false, failure: false), Case(.exited(127), tempfail: false, failure: false),
    Case(.exited(128), tempfail: false, failure: true), Case(.signalled(SIGSEGV), tempfail: false, failure: true),
    Case(.signalled(SIGKILL), tempfail: false, failure: true), Case(.timedOut, tempfail: true, failure: true),
    Case(.interrupted, tempfail: false, failure: false),
  ]

  private static let passing = [
    EAGAIN, ENOMEM, EMFILE, ENFILE, ENOBUFS, ENOSPC, EDQUOT, ETXTBSY, EIO, ESTALE, ETIMEDOUT, EINTR,
  ].map { Case(.couldNotStart(errno: $0, reason: "errno \($0)"), tempfail: true, failure: true) }

  private static let lasting = [
    ENOENT, EACCES, EPERM, ENOEXEC, ENOTDIR, EISDIR, ELOOP, E2BIG, ENAMETOOLONG, ELIBBAD, EINVAL, 0, -1,
  ].map { Case(.couldNotStart(errno: $0, reason: "errno \($0)"), tempfail: false, failure: false) }

  @Test("What passes by itself is retried, what was asked for too, and what cannot run never", arguments: ends)
  func ended(_ expected: Case) {
    check(expected)
  }

  @Test(
    "A start is retried when it lacked means, and never when the program cannot be run", arguments: passing + lasting)
  func notStarted(_ expected: Case) {
    check(expected)
  }

  private func check(_ expected: Case) {
    var policy = RetryPolicy()
    #expect(policy.retries(expected.outcome) == expected.tempfail)
    policy.on = .failure
    #expect(policy.retries(expected.outcome) == expected.failure)
  }
}
