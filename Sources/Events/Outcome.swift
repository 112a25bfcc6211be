// SPDX-License-Identifier: Apache-2.0

/// How an attempt ended.
package enum Outcome: Sendable, Equatable {
  /// The script ended by itself with this exit code, 0 to 255.
  case exited(Int32)
  /// A signal ended the script that was not ours.
  case signalled(Int32)
  /// The script ran longer than its action's `timeout` and was ended.
  case timedOut
  /// The script never ran: `errno`, and a sentence that names path and cause.
  case couldNotStart(errno: Int32, reason: String)
  /// The daemon ended the script because it is stopping.
  case interrupted
}
