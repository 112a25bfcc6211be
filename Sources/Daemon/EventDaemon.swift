// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Glibc
package import Logging
import Scripts
package import Settings

/// Puts the parts together and keeps them running until a signal asks to stop.
package final class EventDaemon {
  private let configuration: Configuration
  private let logger: Logger
  private let counters = Counters()
  private let relay = RunRelay()
  private let runner: ScriptRunner
  private let dispatcher: Dispatcher
  private let consumers: [Consumer]

  /// - Throws: When the kernel refuses what the script runner needs: descriptors or threads.
  package init(_ configuration: Configuration, logger: Logger) throws {
    self.configuration = configuration
    self.logger = logger
    runner = try ScriptRunner(outputLimit: configuration.scripts.outputLimit, observer: relay)
    let dispatcher = Dispatcher(
      actions: configuration.actions, maxConcurrent: configuration.scripts.maxConcurrent, runner: runner,
      log: RunLog(logger: logger), counters: counters)
    self.dispatcher = dispatcher
    relay.connect(dispatcher)
    let table = ActionTable(configuration.actions)
    consumers = configuration.sources.compactMap { [counters] source -> Consumer? in
      guard source.isConsumed else {
        logger.warning(
          "source is not consumed: no enabled action can match its events", metadata: [LogKey.source: "\(source.name)"])
        return nil
      }
      let router = SettlementRouter()
      let intake = Intake(
        source: source, table: table, dispatcher: dispatcher, router: router, counters: counters, logger: logger)
      let log = SourceLog(logger: logger, source: source.name)
      var settings = source.consumer
      settings.clientVersion = Version.current
      settings.connectionName = "onevent \(source.name) \(getpid())"
      let consumer = Consumer(settings, receiver: intake, observe: log.observe)
      router.connect(consumer)
      return consumer
    }
  }

  /// Runs until SIGTERM or SIGINT, then drains.
  ///
  /// What has started is finished within `drain_timeout`, the rest is given back. A second signal asks the scripts to
  /// end at once, a third kills them.
  ///
  /// Every thread that was started before must have blocked the signals of `DaemonSignals`.
  package func run(_ signals: DaemonSignals) {
    DescriptorLimit.raise(for: configuration.scripts.maxConcurrent, logger)
    logger.notice(
      "onevent started",
      metadata: [
        LogKey.config: "\(configuration.files.joined(separator: " "))",
        "actions": "\(configuration.actions.count)", "sources": "\(consumers.count)", "version": "\(Version.current)",
        LogKey.pid: "\(getpid())",
      ])
    for consumer in consumers { consumer.start() }
    waitForStop(signals)
    stop(signals)
  }

  private func waitForStop(_ signals: DaemonSignals) {
    while true {
      switch signals.wait(for: .seconds(1)) {
      case SIGTERM, SIGINT: return
      case SIGHUP:
        logger.warning(
          "SIGHUP ignored: this version reads its configuration at start only; restart it to read it again")
      default:
        dispatcher.retryStarvedStarts()
        dispatcher.warnOfSlowRuns()
      }
    }
  }

  private func stop(_ signals: DaemonSignals) {
    let limit = configuration.scripts.drainTimeout
    logger.notice(
      "onevent is stopping", metadata: ["running": "\(dispatcher.runningCount)", "drain_timeout": "\(seconds(limit))"])
    for consumer in consumers { consumer.stopTaking() }
    dispatcher.drain()
    let deadline = ContinuousClock.now + limit
    while !dispatcher.isIdle, ContinuousClock.now < deadline {
      dispatcher.retryStarvedStarts()
      guard let signal = signals.wait(for: .milliseconds(20)), signal != SIGHUP else { continue }
      logger.warning("second signal: running scripts are ended now")
      break
    }
    dispatcher.abandonPending()
    if !dispatcher.isIdle { runner.interruptAll() }
    closeRunner(signals)
    for consumer in consumers { consumer.close() }
    var facts: Logger.Metadata = [:]
    for (name, value) in counters.all where value > 0 { facts[name] = "\(value)" }
    logger.notice("onevent stopped", metadata: facts)
  }
}

extension EventDaemon {
  /// Waits for the scripts that are being ended, but neither for ever nor against a further signal.
  ///
  /// A script cannot always be ended: its execution may hang in the kernel, on a file server that is gone.
  private func closeRunner(_ signals: DaemonSignals) {
    let closed = OnceBox<Bool>()
    startThread(named: "stop") { [runner] in
      runner.close()
      closed.set(true)
    }
    let patience = configuration.actions.map(\.killAfter).max() ?? .zero
    var deadline = ContinuousClock.now + patience + .seconds(5)
    var isHurrying = false
    while closed.value == nil {
      let signal = signals.wait(for: .milliseconds(5))
      let isDue = ContinuousClock.now >= deadline
      if isHurrying, isDue {
        logger.error(
          "scripts are left behind: they could not be ended", metadata: ["running": "\(dispatcher.runningCount)"])
        return
      }
      if !isHurrying, isDue || signal == SIGTERM || signal == SIGINT {
        logger.warning("running scripts are killed now")
        runner.hurry()
        isHurrying = true
        deadline = .now + .seconds(5)
      }
    }
  }
}

/// Hands the runner's news to the dispatcher, which is made after the runner that it calls.
private final class RunRelay: RunObserver {
  private let dispatcher = OnceBox<Dispatcher>()

  func connect(_ dispatcher: Dispatcher) { self.dispatcher.set(dispatcher) }

  func started(_ attempt: AttemptID, pid: Int32) { dispatcher.value?.started(attempt, pid: pid) }

  func printed(_ attempt: AttemptID, _ stream: OutputStream, _ line: UnsafeBufferPointer<UInt8>) {
    dispatcher.value?.printed(attempt, stream, line)
  }

  func ended(_ attempt: AttemptID, _ completion: Completion) { dispatcher.value?.ended(attempt, completion) }
}
