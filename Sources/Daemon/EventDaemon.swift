// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Glibc
import Journal
import Logging
import Scripts
package import Settings
import WebAPI

/// Puts the parts together and keeps them running until a signal asks to stop.
package final class EventDaemon {
  /// The one that holds; where it is read again from; and what has been read of that.
  var configuration: Configuration
  let origin: ConfigurationOrigin
  var watch: ConfigWatch
  /// Of all configurations of this life: what runs ends as it began.
  var longestKillAfter: Duration
  let log: DaemonLog
  let logger: Logger
  let board = DaemonBoard()
  let dispatcher: Dispatcher
  let sources: SourceSet
  let reloads = ReloadRequests()
  let metrics = DaemonMetrics()
  /// Of the API's TCP ports.
  let doors: Doors
  private let unmatched = UnmatchedEvents()
  private let local: LocalIntake
  let service: Service
  private let relay = RunRelay()
  private let runner: ScriptRunner

  /// Takes the journal's lock, before anything else, and opens it.
  ///
  /// - Throws: `JournalError` when the journal cannot be used; what the kernel refuses the script runner.
  package init(
    _ configuration: Configuration, from origin: ConfigurationOrigin, log: DaemonLog,
    environment: ServiceEnvironment = ServiceEnvironment()
  ) throws {
    self.configuration = configuration
    self.origin = origin
    watch = ConfigWatch(read: origin.stamp)
    longestKillAfter = configuration.longestKillAfter
    self.log = log
    let logger = log.logger
    self.logger = logger
    doors = Doors(
      tokens: configuration.api.accessTokens, hosts: configuration.api.hosts, refusals: Refusals(logger: logger))
    let service = Service(environment, board: board, logger: logger)
    self.service = service
    let journal = try JournalKeeper(configuration.journal, board: board, metrics: metrics, logger: logger)
    runner = try ScriptRunner(
      outputLimit: configuration.scripts.outputLimit, controlGroups: ScriptGroups.takeOver(logger), observer: relay,
      spawnerLife: { service.lifeSign("spawner", "\($0)") }, watcherLife: service.lifeSign("watcher"))
    let types = SeenTypes()
    let gate = SourceGate()
    let dispatcher = Dispatcher(
      configuration, journal: journal, runner: runner, board: board, types: types, log: RunLog(logger: logger),
      metrics: metrics, pulse: service.pulse("journal"),
      onHold: { [board] reason in
        board.setHold(reason)
        gate.hold(reason)
      })
    self.dispatcher = dispatcher
    local = LocalIntake(
      current: dispatcher.current, inputs: dispatcher.inputs, board: board, unmatched: unmatched, types: types,
      metrics: metrics, logger: logger)
    relay.connect(dispatcher)
    sources = SourceSet(board: board, logger: logger) { [metrics, unmatched, board, service] source, plan in
      let router = SettlementRouter()
      let intake = Intake(
        source: source, plan: plan, inputs: dispatcher.inputs, unmatched: unmatched, types: types, router: router,
        metrics: metrics, logger: logger)
      return SourceLine(
        source, intake: intake, router: router, board: board, metrics: metrics.source(source.name), service: service,
        logger: logger, tell: { dispatcher.inputs.add(.happened($0)) })
    }
    gate.connect(sources)
    board.setSources(configuration, changed: [])
    metrics.configurationRead(configuration)
  }

  /// Runs until SIGTERM or SIGINT, then drains.
  ///
  /// What has started is finished within `drain_timeout`. What has not started stays in the journal for the next life,
  /// or is given back under `settle = run`. A second signal asks the scripts to end at once, a third kills them.
  ///
  /// Every thread that was started before must have blocked the signals of `DaemonSignals`.
  package func run(_ signals: DaemonSignals) throws {
    DescriptorLimit.raise(for: configuration, logger)
    logger.notice(
      "onevent started",
      metadata: [
        LogKey.config: "\(configuration.files.joined(separator: " "))",
        "actions": "\(configuration.actions.count)", "sources": "\(configuration.sources.count)",
        "version": "\(Version.current)",
        LogKey.pid: "\(getpid())", "journal": "\(configuration.journal.path)",
      ])
    try dispatcher.recover()
    tellStarted()
    let server = try startServer()
    defer { server?.stop() }
    let ended = OnceBox<Bool>()
    try startThread(named: "journal") { [dispatcher] in
      dispatcher.run()
      ended.set(true)
    }
    sources.adopt(dispatcher.current.value)
    try service.start()
    service.ready()
    waitForStop(signals)
    stop(signals)
    dispatcher.inputs.add(.stop)
    let deadline = ContinuousClock.now + .seconds(5)
    while ended.value == nil, ContinuousClock.now < deadline { usleep(1_000) }
    var facts: Logger.Metadata = [:]
    for (name, value) in metrics.totals where value > 0 { facts[name] = "\(value)" }
    logger.notice("onevent stopped", metadata: facts)
  }

  /// Lets people and programs ask; without a socket or port, or the rights to open one, the main job goes on all the
  /// same.
  private func startServer() throws -> WebServer? {
    let api = configuration.api
    guard api.socket != nil || !api.listen.isEmpty else { return nil }
    let reader = try JournalReader(path: configuration.journal.path) { [current = dispatcher.current] in
      EventBodies { current.value.reading(ofSource: $0)?.mapping ?? EventMapping() }
    }
    // A reader of its own: what is followed live must not wait for a long question.
    let feeds = LiveFeeds(
      try JournalReader(path: configuration.journal.path), bell: dispatcher.bell,
      groups: { [current = dispatcher.current] in current.value.configuration.groups })
    let desk = ControlDesk(
      dispatcher: dispatcher, board: board, unmatched: unmatched, reloads: reloads, metrics: metrics, service: service,
      local: local, feeds: feeds, reader: reader, refusals: doors.refusals, started: RealTime.now.nanoseconds)
    let server = WebServer(
      journal: reader, control: desk, feeds: feeds, socket: api.socket, group: api.socketGroup ?? Self.ownGroup,
      ports: api.listen.map { PortAddress(host: $0.host, port: $0.port) }, doors: doors,
      mapping: { [current = dispatcher.current] in current.value.reading(ofSource: $0)?.mapping ?? EventMapping() },
      groups: { [current = dispatcher.current] in current.value.configuration.groups }, logger: logger)
    do {
      try server.start()
    } catch {
      logger.error("commands cannot ask this daemon: its socket cannot be made", metadata: [LogKey.reason: "\(error)"])
    }
    return server
  }

  /// The group that may ask where none is configured: `onevent`, if there is one.
  private static var ownGroup: String? { getgrnam("onevent") == nil ? nil : "onevent" }

  private func tellStarted() {
    dispatcher.inputs.add(
      .happened(
        OwnEvent(
          .started,
          [
            "version": .text(Version.current), "pid": .integer(Int64(getpid())),
            "revision": .text(configuration.revision), "files": .texts(Array(configuration.files.prefix(100))),
            "actions": .integer(Int64(configuration.actions.count)),
            "sources": .integer(Int64(configuration.sources.count)),
            "interrupted": .integer(Int64(dispatcher.interruptedBefore)),
          ])))
  }

  private func waitForStop(_ signals: DaemonSignals) {
    var isStarting = true
    while true {
      switch signals.wait(for: .milliseconds(500)) {
      case SIGTERM, SIGINT: return
      case SIGHUP: reload()
      default:
        dispatcher.inputs.add(.tick)
        reloadIfChanged()
        if isStarting { ProcessMemory.forgetStart() }
        isStarting = false
      }
    }
  }

  private func stop(_ signals: DaemonSignals) {
    board.setStopping()
    let limit = configuration.scripts.drainTimeout
    logger.notice(
      "onevent is stopping", metadata: ["running": "\(board.runningCount)", "drain_timeout": "\(seconds(limit))"])
    reloads.close()
    sources.stopTaking()
    service.stopping(within: limit + longestStop)
    // What answers to it may still start.
    dispatcher.inputs.add(
      .happened(
        OwnEvent(
          .stopping,
          [
            "version": .text(Version.current), "pid": .integer(Int64(getpid())),
            "running": .integer(Int64(board.runningCount)), "pending": .integer(Int64(board.backlog)),
          ])))
    waitUntilTaken()
    dispatcher.inputs.add(.drain)
    waitUntilTaken()
    let deadline = ContinuousClock.now + limit
    while board.runningCount > 0, ContinuousClock.now < deadline {
      guard let signal = signals.wait(for: .milliseconds(20)), signal != SIGHUP else { continue }
      logger.warning("second signal: running scripts are ended now")
      break
    }
    dispatcher.inputs.add(.abandon)
    waitUntilTaken()
    if board.runningCount > 0 { runner.interruptAll() }
    closeRunner(signals)
    // Their ends are recorded, and their deliveries settled, before the connections close.
    waitUntilTaken()
    sources.close()
  }

  /// Waits until the dispatcher has done what it was brought before; not for ever: its disk may be in trouble.
  private func waitUntilTaken() {
    let done = OnceBox<Bool>()
    dispatcher.inputs.add(.asked(Request(perform: { _, _ in }, answer: { _ in done.set(true) })))
    let deadline = ContinuousClock.now + .seconds(5)
    while done.value == nil, ContinuousClock.now < deadline { usleep(1_000) }
  }
}

extension EventDaemon {
  /// What a stop takes beyond `drain_timeout` at most: `kill_after` of the scripts, and the waits below for threads
  /// that do not answer.
  private var longestStop: Duration { longestKillAfter + .seconds(40) }

  /// Waits for the scripts that are being ended, but neither for ever nor against a further signal.
  ///
  /// A script cannot always be ended: its execution may hang in the kernel, on a file server that is gone.
  private func closeRunner(_ signals: DaemonSignals) {
    let closed = OnceBox<Bool>()
    do throws(ThreadFailure) {
      try startThread(named: "stop") { [runner] in
        runner.close()
        closed.set(true)
      }
    } catch {
      // Then nothing hurries it.
      runner.close()
      return
    }
    let patience = longestKillAfter
    var deadline = ContinuousClock.now + patience + .seconds(5)
    var isHurrying = false
    while closed.value == nil {
      let signal = signals.wait(for: .milliseconds(5))
      let isDue = ContinuousClock.now >= deadline
      if isHurrying, isDue {
        logger.error(
          "scripts are left behind: they could not be ended", metadata: ["running": "\(board.runningCount)"])
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

  func endures(_ attempt: AttemptID, pid: Int32) { dispatcher.value?.endures(attempt, pid: pid) }

  func printed(_ attempt: AttemptID, _ stream: OutputStream, _ line: UnsafeBufferPointer<UInt8>) {
    dispatcher.value?.printed(attempt, stream, line)
  }

  func cannotEnd(_ attempt: AttemptID, _ reason: String) { dispatcher.value?.cannotEnd(attempt, reason) }

  func ended(_ attempt: AttemptID, _ completion: Completion) { dispatcher.value?.ended(attempt, completion) }
}

/// Holds every source while the journal takes nothing.
private final class SourceGate: Sendable {
  private let sources = OnceBox<SourceSet>()

  func connect(_ sources: SourceSet) { self.sources.set(sources) }

  func hold(_ reason: String?) { sources.value?.hold(reason) }
}
