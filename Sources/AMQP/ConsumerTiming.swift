// SPDX-License-Identifier: Apache-2.0

/// Times that no setting names, apart so that tests need not wait for them.
struct ConsumerTiming: Sendable {
  /// Between two looks for queues that are missing; spread by a fifth in both directions.
  var look = Duration.seconds(5)
  /// Between two rounds of bindings: an exchange that vanished took its bindings along silently.
  var bind = Duration.seconds(30)
  /// How long a queue is left alone whose consumption the broker refused; doubles up to ten times as long.
  var refusal = Duration.seconds(30)
  /// How long a lone acknowledgement waits for company.
  var idle = Duration.milliseconds(1)
  /// Work on messages without a look at the socket: well below the 50 ms within which receivers ask for one.
  var betweenLooks = Duration.milliseconds(20)
  /// For the goodbye to the broker.
  var closing = Duration.seconds(2)
  /// How long a thread without work sleeps at most: who watches it sees by its waking that it does not hang.
  var idleBeat = Duration.seconds(1)
  var backoff = Backoff()
}
