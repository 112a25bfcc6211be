// SPDX-License-Identifier: Apache-2.0

import Events
import Logging
import Scripts

/// What every log line of a run carries.
struct RunLabel: Sendable {
  /// 32 hexadecimal digits.
  var id: String
  var event: Int64
  var eventType: String
  var action: String
}

/// Writes what happens to runs into the log: every line of a run carries its id.
struct RunLog: Sendable {
  let logger: Logger

  func started(_ run: RunLabel, pid: Int32) {
    logger.debug("run started", metadata: metadata(run, [LogKey.pid: "\(pid)"]))
  }

  func printed(_ run: RunLabel, _ stream: OutputStream, _ line: UnsafeBufferPointer<UInt8>) {
    logger.info(
      "script output",
      metadata: metadata(
        run,
        [
          LogKey.stream: stream == .standardOutput ? "stdout" : "stderr",
          LogKey.output: "\(String(decoding: line, as: UTF8.self))",
        ]))
  }

  func floods(_ run: RunLabel) {
    logger.warning(
      "script prints more than the log takes: lines are left out until it prints less", metadata: metadata(run, [:]))
  }

  func leftOut(_ run: RunLabel, _ leftOut: OutputAllowance.LeftOut) {
    logger.warning(
      "script output was left out of the log",
      metadata: metadata(run, ["lines": "\(leftOut.lines)", "bytes": "\(leftOut.bytes)"]))
  }

  func slow(_ run: RunLabel, _ duration: Duration) {
    logger.warning(
      "run takes longer than warn_after", metadata: metadata(run, [LogKey.duration: "\(seconds(duration))"]))
  }

  func accepted(_ run: RunLabel) {
    logger.debug("run accepted", metadata: metadata(run, [:]))
  }

  func observed(_ run: RunLabel) {
    logger.info("event observed", metadata: metadata(run, [:]))
  }

  func expired(_ run: RunLabel, _ reason: String) {
    logger.warning(
      "run expired: the event is older than max_event_age", metadata: metadata(run, [LogKey.reason: "\(reason)"]))
  }

  func refused(_ run: RunLabel, _ reason: String) {
    logger.error("run refused", metadata: metadata(run, [LogKey.reason: "\(reason)"]))
  }

  func skipped(_ run: RunLabel, _ reason: String) {
    logger.info("run discarded", metadata: metadata(run, [LogKey.reason: "\(reason)"]))
  }

  /// What a person decided.
  func decided(_ run: RunLabel, _ words: Logger.Message) {
    logger.notice(words, metadata: metadata(run, [:]))
  }

  func held(_ run: RunLabel, _ reason: String) {
    logger.error("run held: a person decides", metadata: metadata(run, [LogKey.reason: "\(reason)"]))
  }

  /// A run that was cut off with an earlier daemon and is tried again.
  func recovered(_ run: RunLabel, delay: Duration) {
    logger.warning(
      "run was cut off and is tried again", metadata: metadata(run, ["delay": "\(seconds(delay))"]))
  }

  /// An attempt failed; another one follows.
  func retried(_ run: RunLabel, _ completion: Completion, after delay: Duration, attempt: Int64) {
    var facts = facts(completion)
    facts["delay"] = "\(seconds(delay))"
    facts[LogKey.attempt] = "\(attempt)"
    logger.warning("attempt failed, the run is tried again later", metadata: metadata(run, facts))
  }

  func starved(_ run: RunLabel, _ completion: Completion) {
    guard case .couldNotStart(_, let reason) = completion.outcome else { return }
    logger.warning("run could not start, it is tried again", metadata: metadata(run, [LogKey.reason: "\(reason)"]))
  }

  func ended(_ run: RunLabel, _ completion: Completion) {
    switch completion.outcome {
    case .exited(0): logger.info("run succeeded", metadata: metadata(run, facts(completion)))
    case .interrupted: logger.warning("run interrupted", metadata: metadata(run, facts(completion)))
    default: logger.error("run failed", metadata: metadata(run, facts(completion)))
    }
  }

  func cannotEnd(_ run: RunLabel, _ reason: String) {
    logger.error("run cannot be ended", metadata: metadata(run, [LogKey.reason: "\(reason)"]))
  }

  private func facts(_ completion: Completion) -> Logger.Metadata {
    var facts: Logger.Metadata = [
      LogKey.duration: "\(seconds(completion.duration))",
      LogKey.outcome: "\(completion.outcome.description)",
    ]
    if let sentence = completion.survivorsSentence { facts[LogKey.reason] = "\(sentence)" }
    guard completion.outcome != .exited(0) else { return facts }
    if case .couldNotStart(_, let reason) = completion.outcome { facts[LogKey.reason] = "\(reason)" }
    let errors = completion.standardError.text
    let output = errors.isEmpty ? completion.standardOutput.text : errors
    if !output.isEmpty { facts[LogKey.output] = "\(output)" }
    return facts
  }

  private func metadata(_ run: RunLabel, _ facts: Logger.Metadata) -> Logger.Metadata {
    var metadata = facts
    metadata[LogKey.run] = .string(run.id)
    metadata[LogKey.action] = .string(run.action)
    metadata[LogKey.event] = .string(String(run.event))
    metadata[LogKey.eventType] = .string(run.eventType)
    return metadata
  }
}

extension Outcome {
  /// A few words for logs and lists.
  package var description: String {
    switch self {
    case .exited(let code): "exited \(code)"
    case .signalled(let signal): "killed by signal \(signal)"
    case .timedOut: "timed out"
    case .couldNotStart(let errno, _): "could not start (errno \(errno))"
    case .interrupted: "interrupted"
    }
  }
}

extension KeptOutput {
  /// Head and tail as text, with a note where bytes are missing between them; not more than 2 KiB of each.
  fileprivate var text: String {
    let limit = 2048
    guard dropped > 0 || head.count + tail.count > 2 * limit else {
      return String(decoding: head + tail, as: UTF8.self)
    }
    let all = head + tail
    let missing = dropped + UInt64(all.count - 2 * min(limit, all.count / 2))
    let kept = min(limit, all.count / 2)
    return String(decoding: all.prefix(kept), as: UTF8.self) + " … \(missing) bytes … "
      + String(decoding: all.suffix(kept), as: UTF8.self)
  }
}

/// A duration in seconds with three decimals, as logs show it.
func seconds(_ duration: Duration) -> String {
  let (seconds, attoseconds) = duration.components
  let milliseconds = String(attoseconds / 1_000_000_000_000_000)
  return "\(seconds).\(String(repeating: "0", count: 3 - milliseconds.count))\(milliseconds)s"
}
