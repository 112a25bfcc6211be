// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What becomes of a run whose attempt failed: whether there is another attempt, and when.
package struct RetryPolicy: Sendable, Equatable {
  /// What a further attempt answers.
  package enum Trigger: String, Sendable, CaseIterable {
    /// What may pass by itself: exit code 75, a timeout, a start that failed for want of means.
    case tempfail
    /// All that, and every other exit code and signal.
    case failure
  }

  /// The exit code by which a script asks to be run again, `EX_TEMPFAIL` of sysexits.h(3head).
  package static let temporaryFailure: Int32 = 75

  /// Attempts after the first; nil = nothing is configured, see `retries(underRunSettlement:)`.
  package var retries: Int?
  package var on = Trigger.tempfail
  /// The longest wait before the second attempt.
  package var delay = Duration.seconds(10)
  /// By how much that wait grows with each further attempt; at least 1.
  package var backoff = 2.0
  /// What no wait is longer than.
  package var maxDelay = Duration.seconds(600)

  package init() {}

  /// Returns how many attempts may follow the first, for events of one source.
  ///
  /// Without a configured number it is 3, and 0 where a delivery is settled only when its runs have ended: there every
  /// retry counts against the broker's delivery timeout, so somebody must have asked for it.
  package func retries(underRunSettlement: Bool) -> Int {
    retries ?? (underRunSettlement ? 0 : 3)
  }

  /// Returns how long the next attempt waits after the `n`th, counting from 1.
  ///
  /// Full jitter: uniform between nothing and `delay × backoff^(n-1)`, which `maxDelay` bounds, so that what failed
  /// together does not come back together (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
  ///
  /// - Parameters:
  ///   - n: The attempt that has failed.
  ///   - jitter: The random number, 0 to 1; what lies outside is taken for the nearer end.
  /// - Returns: The wait, from nothing with a jitter of 0 to the longest with 1.
  package func delay(afterAttempt n: Int, jitter: Double) -> Duration {
    let longest = longestDelay(afterAttempt: n)
    // A comparison with what is no number is false: then the wait is the longest.
    guard jitter < 1 else { return longest }
    return jitter > 0 ? longest * jitter : .zero
  }

  private func longestDelay(afterAttempt n: Int) -> Duration {
    guard delay > .zero, maxDelay > .zero else { return .zero }
    // Infinite for large numbers, which the comparison bears.
    let grown = delay / .seconds(1) * pow(max(backoff, 1), Double(max(n, 1) - 1))
    guard grown < maxDelay / .seconds(1) else { return maxDelay }
    return min(.seconds(grown), maxDelay)
  }

  /// Tells whether an outcome may be followed by another attempt at all, whatever the number of them.
  ///
  /// Never, where the program cannot be run as it stands: exit codes 126 and 127 of a shell or interpreter, a missing
  /// or forbidden file, arguments that the kernel refuses. Neither after an interruption, which `on_interrupt` answers.
  package func retries(_ outcome: Outcome) -> Bool {
    switch outcome {
    case .exited(0), .exited(126), .exited(127), .interrupted: false
    case .exited(Self.temporaryFailure), .timedOut: true
    case .exited, .signalled: on == .failure
    case .couldNotStart(let errno, _): Self.isPassing(errno)
    }
  }

  /// Whether a start failed for something that passes without anybody touching script or configuration.
  private static func isPassing(_ errno: Int32) -> Bool {
    switch errno {
    // No process, memory, descriptor or space at this moment.
    case EAGAIN, ENOMEM, EMFILE, ENFILE, ENOBUFS, ENOSPC, EDQUOT: true
    // A script that is being written.
    case ETXTBSY: true
    // A disk or a file server that does not answer.
    case EIO, ESTALE, ETIMEDOUT, EINTR: true
    default: false
    }
  }
}
