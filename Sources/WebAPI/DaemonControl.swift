// SPDX-License-Identifier: Apache-2.0

package import Events

/// What people and programs can ask of a running daemon beside reading its journal.
///
/// Every method returns once what it did is durable.
package protocol DaemonControl: Sendable {
  func status() async -> DaemonStatus
  /// Everything counted and measured, in the text format of Prometheus.
  func metricsText() async -> [UInt8]
  /// Puts runs that failed, were held, refused, expired or only observed back into their lanes, at the end.
  ///
  /// - Throws: `ControlError.refused` when a run is in another state, `.notFound` when it does not exist; then nothing
  ///   has changed.
  func retry(_ selection: RunSelection) async throws(ControlError) -> [RunChange]
  /// Gives runs up for good: any but running ones.
  func discard(_ selection: RunSelection) async throws(ControlError) -> [RunChange]
  /// Matches stored events anew with the present configuration, and makes new runs of them.
  func replay(_ request: ReplayRequest) async throws(ControlError) -> ReplayResult
  /// Takes events in through the local source, all together or none, and stores each, whether anything matches it or not.
  ///
  /// Returns what became of each, in their order.
  func publish(_ events: [Publication]) async throws(PublishRefusal) -> [PublishedEvent]
  /// Says what counts for one action from now on, or with nil for all of them together.
  ///
  /// It outlives restarts and reloads, until the file's own `enabled` changes.
  ///
  /// - Throws: `ControlError.refused` where the file does not allow it, `.notFound` when there is no such action.
  func setStatus(_ status: RequestedStatus, ofAction name: String?) async throws(ControlError) -> ActionStanding
  /// Every action, or the one that is named; none where that is not configured.
  func actions(named name: String?) async throws(ControlError) -> [ActionFacts]
  /// What events of a source are matched by at present.
  func matching(source: String) async -> Matching
  /// The groups of event types.
  func groups() async -> EventGroups
  /// Confirms that the clock is right, so that deletion goes on after a jump.
  func confirmClock() async throws(ControlError)
  /// Reads the configuration again; returns once all of it holds.
  ///
  /// - Throws: `ControlError.configuration` with everything that is wrong with it; then nothing has changed.
  func reload() async throws(ControlError) -> ReloadReport
  /// The last events that matched no action, newest first; they are in memory only.
  func unmatched(limit: Int) async -> [UnmatchedEvent]
  /// What a running script printed since an offset; nil when the run is not running.
  func liveOutput(ofRun run: Int64, after offset: UInt64) async -> LiveOutput?
  /// The names of the actions that take events of a type, before their conditions.
  func actions(takingType type: String, source: String?) async -> [String]
  /// Every type seen since the start that is not yet in the journal, added to what is.
  func flushTypes() async
}

package enum RunSelection: Sendable, Equatable {
  /// Numbers of runs, at least one.
  case runs([Int64])
  /// Every run in state failed, of one action or of all.
  case failed(action: String?)
}

/// What a reload changed, by names in the order of the configuration.
package struct ReloadReport: Sendable, Codable, Equatable {
  /// Of the configuration that holds now.
  package var revision = ""
  package var addedActions: [String] = []
  package var changedActions: [String] = []
  package var removedActions: [String] = []
  /// Sources that are connected anew, or for the first time.
  package var connectedSources: [String] = []
  package var disconnectedSources: [String] = []

  package init() {}
}

/// What a person's decision made of a run.
package struct RunChange: Sendable, Codable {
  package var number: Int64
  package var id: String
  package var from: String
  package var to: String

  package init(number: Int64, id: String, from: String, to: String) {
    self.number = number
    self.id = id
    self.from = from
    self.to = to
  }
}

package struct ReplayRequest: Sendable, Codable {
  /// Numbers of events; nil = the range.
  package var events: [Int64]?
  /// Received at or after, and before: nanoseconds since 1970.
  package var since: Int64?
  package var until: Int64?
  package var type: String?
  /// Only this action; nil = every action that matches.
  package var action: String?
  package var dryRun: Bool

  package init(events: [Int64]?, since: Int64?, until: Int64?, type: String?, action: String?, dryRun: Bool) {
    self.events = events
    self.since = since
    self.until = until
    self.type = type
    self.action = action
    self.dryRun = dryRun
  }
}

package struct ReplayResult: Sendable, Codable {
  package struct Item: Sendable, Codable {
    package var event: Int64
    package var type: String
    package var action: String
    /// Nil in a dry run.
    package var run: Int64?
    package var runID: String?
    /// pending, observed, refused, expired.
    package var state: String

    package init(event: Int64, type: String, action: String, run: Int64?, runID: String?, state: String) {
      self.event = event
      self.type = type
      self.action = action
      self.run = run
      self.runID = runID
      self.state = state
    }
  }
  package var isDryRun: Bool
  /// How many events were looked at.
  package var events: Int
  package var items: [Item]
  /// Events that matched nothing or still cannot be decoded, with the reason.
  package var unmatched: [Int64: String]

  package init(isDryRun: Bool, events: Int, items: [Item], unmatched: [Int64: String]) {
    self.isDryRun = isDryRun
    self.events = events
    self.items = items
    self.unmatched = unmatched
  }
}

package struct DaemonStatus: Sendable, Codable {
  package struct Source: Sendable, Codable {
    package var name: String
    /// connected, lost, paused, not consumed; local where it takes what is published to the daemon itself.
    package var state: String
    package var host: String?
    package var queues: [String: String]
    package var reason: String?
    /// Nanoseconds since 1970 since when.
    package var since: Int64

    package init(
      name: String, state: String, host: String?, queues: [String: String], reason: String?, since: Int64
    ) {
      self.name = name
      self.state = state
      self.host = host
      self.queues = queues
      self.reason = reason
      self.since = since
    }
  }
  package struct Action: Sendable, Codable {
    package var name: String
    /// What counts: enabled, observe, disabled, suspended.
    package var status: String
    package var pending: Int
    package var running: Int
    package var waiting: Int
    /// How many events it took since the start.
    package var matched = 0

    package init(name: String, status: String, pending: Int, running: Int, waiting: Int) {
      self.name = name
      self.status = status
      self.pending = pending
      self.running = running
      self.waiting = waiting
    }
  }
  package var version = ""
  package var pid: Int32 = 0
  /// Nanoseconds since 1970.
  package var started: Int64 = 0
  package var revision = ""
  package var files: [String] = []
  /// Nanoseconds since 1970 since when this configuration holds.
  package var configured: Int64 = 0
  /// Why the last reload changed nothing; nil = it did, or there was none.
  package var reloadFailure: String?
  package var isSuspended = false
  package var sources: [Source] = []
  package var actions: [Action] = []
  package var pending = 0
  package var running = 0
  package var waiting = 0
  package var held = 0
  package var failed = 0
  package var journalPath = ""
  /// Bytes in use of the journal's file.
  package var journalBytes: Int64 = 0
  /// Why nothing is recorded at present; nil = all is well.
  package var journalTrouble: String?
  /// Why nothing is deleted at present; nil = all is well.
  package var retentionSuspended: String?
  /// Whether the daemon was asked to stop, and takes nothing more.
  package var isStopping = false
  /// Threads that do not go round their loop any more, as sentences.
  package var stuck: [String] = []
  /// The counters since the start, by name.
  package var counters: [String: Int] = [:]

  package init() {}
}

/// An event that matched nothing, from memory.
package struct UnmatchedEvent: Sendable {
  /// Counts from the start of the daemon; shown as `u17`.
  package var number: UInt64
  package var source: String
  package var type: String
  package var received: Int64
  package var envelope: [UInt8]
  package var body: [UInt8]

  package init(number: UInt64, source: String, type: String, received: Int64, envelope: [UInt8], body: [UInt8]) {
    self.number = number
    self.source = source
    self.type = type
    self.received = received
    self.envelope = envelope
    self.body = body
  }
}

package struct LiveOutput: Sendable {
  /// The offset of the first byte: larger than what was asked for where bytes were lost from memory.
  package var offset: UInt64
  package var bytes: [UInt8]
  /// Whether the run has ended, so that nothing more comes.
  package var isEnded: Bool

  package init(offset: UInt64, bytes: [UInt8], isEnded: Bool) {
    self.offset = offset
    self.bytes = bytes
    self.isEnded = isEnded
  }
}

package enum ControlError: Error, Sendable, Equatable {
  case notFound(String)
  case refused(String)
  /// The journal cannot be written at present.
  case unavailable(String)
  /// The configuration is refused, with everything that is wrong with it.
  case configuration([String])
}
