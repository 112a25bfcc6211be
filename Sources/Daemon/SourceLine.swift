// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Glibc
import Logging
import Settings
import Synchronization

/// One source at work: its consumer, and the intake that takes what it brings.
final class SourceLine: Sendable {
  let name: String
  private let intake: Intake
  private let consumer: Consumer
  private let basis: Basis
  private let phase: Phase

  /// What a connection rests on: as long as it stays the same, the line goes on.
  struct Basis: Equatable {
    private let consumer: ConsumerSettings
    private let settle: SourceSettings.Settle
    /// Of the files of passwords and certificates: a connection is made anew to show that new ones work.
    private let secrets: ConfigStamp

    init(_ source: SourceSettings) {
      consumer = source.consumer
      settle = source.settle
      var files: [String] = []
      if case .file(let path) = source.consumer.address.password { files.append(path) }
      if let tls = source.consumer.address.tls {
        files += [tls.caFile] + [tls.certificateFile, tls.keyFile].compactMap(\.self)
      }
      secrets = ConfigStamp(of: files)
    }
  }

  /// How far a line has come with its end.
  private final class Phase: Sendable {
    private let state = Mutex((isRetired: false, hasDrained: false, hasStopped: false))
    /// Whether its last own event said that it is connected; nil = there was none.
    private let isConnected = Mutex<Bool?>(nil)

    var isRetired: Bool { state.withLock(\.isRetired) }
    var hasDrained: Bool { state.withLock { $0.hasDrained || $0.hasStopped } }
    var hasStopped: Bool { state.withLock(\.hasStopped) }
    func retire() { state.withLock { $0.isRetired = true } }

    /// The own event that tells of a change: one for each connection, one for each outage, however many attempts fail.
    func told(_ event: ConsumerEvent, of source: String) -> OwnEvent? {
      let (type, isNowConnected, host, reason): (OwnEventType, Bool, String?, String?)
      switch event {
      case .connected(let name, _): (type, isNowConnected, host, reason) = (.sourceConnected, true, name, nil)
      case .lost(let words): (type, isNowConnected, host, reason) = (.sourceLost, false, nil, words)
      default: return nil
      }
      let isNews = isConnected.withLock { isConnected in
        defer { isConnected = isNowConnected }
        return isConnected != isNowConnected
      }
      guard isNews else { return nil }
      return OwnEvent(
        type, ["source": .text(source), "host": .optional(host), "reason": .optional(reason?.cut)])
    }

    func observe(_ event: ConsumerEvent) {
      state.withLock { state in
        switch event {
        case .drained: state.hasDrained = true
        case .stopped: state.hasStopped = true
        default: break
        }
      }
    }
  }

  init(
    _ source: SourceSettings, intake: Intake, router: SettlementRouter, board: DaemonBoard, metrics: SourceMetrics,
    service: Service, logger: Logger, tell: @escaping @Sendable (OwnEvent) -> Void
  ) {
    name = source.name
    self.intake = intake
    basis = Basis(source)
    let phase = Phase()
    self.phase = phase
    let log = SourceLog(logger: logger, source: source.name)
    var settings = source.consumer
    settings.clientVersion = Version.current
    settings.connectionName = "onevent \(source.name) \(getpid())"
    let pulse = service.pulse("broker", source.name)
    consumer = Consumer(settings, receiver: intake, beat: { pulse.beat(within: $0) }) { [name] event in
      if case .stopped = event {
        service.end(pulse)
        router.disconnect()
      }
      phase.observe(event)
      // Another line stands for the source then.
      if !phase.isRetired {
        board.observe(name, event)
        metrics.observe(event)
        if let own = phase.told(event, of: name) { tell(own) }
      }
      log.observe(event)
    }
    router.connect(consumer)
  }

  /// Whether the line can go on under other settings of its source.
  func fits(_ source: SourceSettings) -> Bool { basis == Basis(source) }

  /// Matches what comes from now on by other actions.
  func adopt(_ work: EventSorter.Work) { intake.adopt(work) }

  func start() { consumer.start() }
  func stopTaking() { consumer.stopTaking() }
  func hold(_ reason: String?) { consumer.hold(reason) }
  func announceClose() { consumer.announceClose() }
  func close() { consumer.close() }

  /// Takes nothing more; ends once everything it took is settled.
  func retire() {
    phase.retire()
    consumer.retire()
  }

  /// Whether what it gave back is in its queues again, so that another line may take over.
  var hasDrained: Bool { phase.hasDrained }
  var hasStopped: Bool { phase.hasStopped }
}
