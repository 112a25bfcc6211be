// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// Checks what becomes of the deliveries of a source: whether anything takes them, and whether in time.
struct ConsumptionCheck {
  let scripts: ScriptSettings
  let report: Report

  func look(at source: inout SourceSettings, _ actions: [Action], _ section: Section) {
    source.isConsumed = ActionTable(actions).listens(to: source.name)
    guard source.isConsumed else {
      report.finding(
        .warning, at: source.position,
        "the source '\(source.name)' is not consumed, because no enabled action takes its events: its queues would be "
          + "drained for nothing")
      return
    }
    let takers = actions.filter { action in
      action.mode == .enabled && action.sources.map { $0.contains(source.name) } ?? true
    }
    for action in takers { check(action, source, section) }
  }

  /// The broker closes the channel of a delivery that is not settled in time, and hands it out again.
  private func check(_ action: Action, _ source: SourceSettings, _ section: Section) {
    let longest = action.timeout + action.killAfter
    let position = section.position(of: SourceKeys.consumerTimeout)
    guard longest <= source.consumerTimeout else {
      report.problem(
        at: position,
        "the action '\(action.name)' (\(action.place)) may run \(Quantity.text(longest)), timeout "
          + "\(Quantity.text(action.timeout)) and kill_after \(Quantity.text(action.killAfter)), longer than the "
          + "consumer_timeout of the source '\(source.name)', \(Quantity.text(source.consumerTimeout)), after which the "
          + "broker hands the event out again; shorten the one, or raise the other here and on the broker "
          + "(consumer_timeout, in milliseconds)")
      return
    }
    guard action.maxConcurrent != nil || source.consumer.prefetch > 2 * scripts.maxConcurrent else { return }
    let atOnce = min(action.maxConcurrent ?? scripts.maxConcurrent, scripts.maxConcurrent)
    let rounds = (Int(source.consumer.prefetch) + atOnce - 1) / atOnce
    guard longest * rounds > source.consumerTimeout else { return }
    report.finding(
      .hint, at: section.setting("prefetch")?.position ?? position,
      "with prefetch \(source.consumer.prefetch) and \(atOnce) at once, runs of '\(action.name)' that all last "
        + "\(Quantity.text(longest)) would wait longer than consumer_timeout, \(Quantity.text(source.consumerTimeout)); the "
        + "broker would then hand the waiting events out again, which joins them to their runs; a prefetch of "
        + "\(max(1, atOnce * Int(source.consumerTimeout / longest))) avoids it")
  }
}
