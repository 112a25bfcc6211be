// SPDX-License-Identifier: Apache-2.0

import AMQP
import ConfigText
import Events

/// Checks what becomes of the deliveries of a source: whether anything takes them, and whether in time.
struct ConsumptionCheck {
  let scripts: ScriptSettings
  /// False when some action could not be read: then nothing is said of what is missing.
  let hasAllActions: Bool
  let table: ActionTable
  let report: Report

  func look(at source: inout SourceSettings, _ actions: [Action], _ section: Section) {
    source.isConsumed = table.listens(to: source.name)
    guard source.isConsumed else {
      guard hasAllActions else { return }
      report.finding(
        .warning, at: source.position,
        "the source '\(source.name)' is not consumed, because no enabled action takes its events: its queues would be "
          + "drained for nothing")
      return
    }
    // What is settled by the journal waits for no script.
    guard source.settle == .run else { return }
    let takers = actions.filter { action in
      action.mode == .enabled && action.sources.map { $0.contains(source.name) } ?? !action.events.takesOwnOnly
    }
    for action in takers { check(action, source, section) }
  }

  /// The broker closes the channel of a delivery that is not settled in time, and hands it out again.
  private func check(_ action: Action, _ source: SourceSettings, _ section: Section) {
    let worst = WorstCase(of: action)
    let position = section.position(of: SourceKeys.consumerTimeout)
    guard worst.total <= source.consumerTimeout else {
      report.problem(
        at: position,
        "the action '\(action.name)' (\(action.place)) may take \(worst.words), longer than the consumer_timeout of the "
          + "source '\(source.name)', \(Quantity.text(source.consumerTimeout)), after which the broker hands the event "
          + "out again; shorten the one, or raise the other here and on the broker (consumer_timeout, in milliseconds), "
          + "or write 'settle = journal'")
      return
    }
    guard action.maxConcurrent != nil || source.consumer.prefetch > 2 * scripts.maxConcurrent else { return }
    let atOnce = min(action.maxConcurrent ?? scripts.maxConcurrent, scripts.maxConcurrent)
    let rounds = (Int(source.consumer.prefetch) + atOnce - 1) / atOnce
    guard worst.total * rounds > source.consumerTimeout else { return }
    report.finding(
      .hint, at: section.setting("prefetch")?.position ?? position,
      "with prefetch \(source.consumer.prefetch) and \(atOnce) at once, runs of '\(action.name)' that all last "
        + "\(Quantity.text(worst.total)) would wait longer than consumer_timeout, \(Quantity.text(source.consumerTimeout)); "
        + "the broker would then hand the waiting events out again, which joins them to their runs; a prefetch of "
        + "\(max(1, atOnce * Int(source.consumerTimeout / worst.total))) avoids it")
  }
}

/// The longest that a delivery is unsettled for one run that starts at once, with `settle = run`.
struct WorstCase {
  private let attempts: Int
  private let timeout: Duration
  private let killAfter: Duration
  /// The longest wait before each retry.
  private let delays: [Duration]

  init(of action: Action) {
    let retries = max(0, action.retry.retries(underRunSettlement: true))
    attempts = retries + 1
    timeout = action.timeout
    killAfter = action.killAfter
    delays = (0..<retries).map { action.retry.delay(afterAttempt: $0 + 1, jitter: 1) }
  }

  /// All attempts to their very end, and all waits between them.
  var total: Duration { (timeout + killAfter) * attempts + waits }

  private var waits: Duration { delays.reduce(.zero, +) }

  /// The sum with all of its parts: `10m10s, timeout 10m and kill_after 10s`.
  var words: String {
    let attempt = "timeout \(Quantity.text(timeout)) and kill_after \(Quantity.text(killAfter))"
    guard attempts > 1 else { return "\(Quantity.text(total)), \(attempt)" }
    return "\(Quantity.text(total)), \(attempts) attempts of \(attempt), and retry delays of "
      + "\(Quantity.text(waits)) (\(Self.listed(delays)))"
  }

  /// The waits as a sum; of many, the first and the last.
  private static func listed(_ delays: [Duration]) -> String {
    let texts = delays.map { Quantity.text($0) }
    let shown = texts.count <= 6 ? texts : texts.prefix(4) + ["…", texts.last ?? ""]
    return shown.joined(separator: " + ")
  }
}
