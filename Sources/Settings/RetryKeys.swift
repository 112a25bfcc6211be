// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// The keys of actions that say what follows a failed attempt.
enum RetryKeys {
  static let retries = Key(
    "retries", .integer(0...1000), defaultText: "3, and 0 for sources with settle = run", in: .action, .scripts,
    summary: "How many attempts may follow the first.")

  static let retryOn = Key(
    "retry_on", .word(), default: RetryPolicy().on, in: .action, .scripts,
    summary: "What is tried again: `tempfail` is exit code 75, a timeout and a start that lacked means; `failure` adds "
      + "other codes and signals. Never 126, 127, or a script that cannot be run as it is.")

  static let retryDelay = Key(
    "retry_delay", .duration(.zero...Duration.days(30)), default: RetryPolicy().delay, in: .action, .scripts,
    summary: "The longest wait before the first retry; each wait is drawn at random between nothing and the longest.")

  static let retryBackoff = Key(
    "retry_backoff", .number(1...100), default: RetryPolicy().backoff, in: .action, .scripts,
    summary: "By how much the longest wait grows with each retry.")

  static let retryMaxDelay = Key(
    "retry_max_delay", .duration(.zero...Duration.days(30)), default: RetryPolicy().maxDelay, in: .action, .scripts,
    summary: "What no wait is longer than.")

  static let onInterrupt = Key(
    "on_interrupt", .word(), default: Action.InterruptPolicy.retry, in: .action, .scripts,
    summary: "What becomes of a run that a crash cut off: it is tried again, or held for a person.")

  static let onSuspend = Key(
    "on_suspend", .word(), default: Action.SuspendPolicy.hold, in: .action, .scripts,
    summary: "What becomes of events while the action is suspended: their runs wait, or there are none.")

  static let descriptions: [KeyDescription] = [
    retries.description, retryOn.description, retryDelay.description, retryBackoff.description,
    retryMaxDelay.description, onInterrupt.description, onSuspend.description,
  ]

  /// The policy that a section asks for.
  static func policy(_ section: Section, _ report: Report) -> RetryPolicy {
    var policy = RetryPolicy()
    policy.retries = section.value(retries, report)
    policy.on = section.value(retryOn, report)
    policy.delay = section.value(retryDelay, report)
    policy.backoff = section.value(retryBackoff, report)
    policy.maxDelay = section.value(retryMaxDelay, report)
    if policy.delay > policy.maxDelay, policy.retries != 0 {
      let key = section.setting("retry_delay") == nil ? "retry_max_delay" : "retry_delay"
      report.finding(
        .warning, at: section.setting(key)?.valuePosition ?? section.position,
        "no retry waits longer than retry_max_delay, \(Quantity.text(policy.maxDelay)), so that retry_delay, "
          + "\(Quantity.text(policy.delay)), has no effect; raise the one or lower the other")
    }
    return policy
  }
}
