// SPDX-License-Identifier: Apache-2.0

/// What became of a delivery.
package enum EventResult: String, Sendable, CaseIterable {
  case matched, unmatched, undecodable
}

/// When a delivery is settled: once it is in the journal, or once its runs have ended.
package enum SettleMode: String, Sendable, CaseIterable {
  case journal, run
}

/// An event that is to be accepted, with its runs.
package struct NewEvent: Sendable {
  package var source: String
  /// Empty for what could not be decoded.
  package var type: String
  package var id: String?
  /// 16 bytes; nil = the event is never taken for a duplicate.
  package var identity: [UInt8]?
  package var time: String?
  package var received: Int64
  package var subject: String?
  package var objects: [(kind: String, name: String)]
  package var result: EventResult
  /// Why it could not be decoded, or why an action was not given it.
  package var reason: String?
  package var settle: SettleMode
  /// JSON: what the source said beside the body, see `StoredEnvelope`.
  package var envelope: [UInt8]
  /// As received, the token blanked.
  package var body: [UInt8]
  /// Bytes of the body as it came, also where it is not kept.
  package var size: Int
  /// As they were sent, each once.
  package var tags: [String] = []
  /// The number at the payload's `value`.
  package var value: Double?
  /// The number of the run that raised it; nil = it came from outside.
  package var cause: Int64?
  /// In the order of the files.
  package var runs: [NewRun]

  package init(
    source: String, type: String, id: String?, identity: [UInt8]?, time: String?, received: Int64, subject: String?,
    objects: [(kind: String, name: String)], result: EventResult, reason: String?, settle: SettleMode,
    envelope: [UInt8], body: [UInt8], runs: [NewRun]
  ) {
    self.source = source
    self.type = type
    self.id = id
    self.identity = identity
    self.time = time
    self.received = received
    self.subject = subject
    self.objects = objects
    self.result = result
    self.reason = reason
    self.settle = settle
    self.envelope = envelope
    self.body = body
    size = body.count
    self.runs = runs
  }
}

/// A run that is accepted with its event.
package struct NewRun: Sendable {
  /// 16 bytes, shown as 32 hexadecimal digits.
  package var id: [UInt8]
  package var action: String
  /// A digest of the ordering key; nil = unordered.
  package var lane: Int64?
  /// pending, observed, expired, refused, discarded (a suspended action with `on_suspend = skip`).
  package var state: RunState
  package var reason: String?
  /// Whether its action is suspended: it waits aside, in no lane.
  package var isAside: Bool

  package init(id: [UInt8], action: String, lane: Int64?, state: RunState, reason: String?, isAside: Bool) {
    self.id = id
    self.action = action
    self.lane = lane
    self.state = state
    self.reason = reason
    self.isAside = isAside
  }
}
