// SPDX-License-Identifier: Apache-2.0

/// An event as lists show it.
package struct StoredEvent: Sendable {
  package var number: Int64
  package var source: String
  package var type: String
  package var id: String?
  package var time: String?
  /// Nanoseconds since 1970.
  package var received: Int64
  package var subject: String?
  /// A JSON object, kind to name.
  package var objects: String
  /// A JSON list, as they were sent; nil = none.
  package var tags: String?
  /// The run that raised it; nil = it came from outside.
  package var cause: Int64?
  package var result: EventResult
  package var reason: String?
  package var settle: SettleMode
  /// Bytes of the body.
  package var size: Int64
}

/// What came with an event: JSON of the envelope, and the body as received, its token blanked.
package struct StoredContent: Sendable {
  package var envelope: [UInt8]
  package var body: [UInt8]
}

/// A run as lists show it.
package struct StoredRun: Sendable {
  package var number: Int64
  /// 32 hexadecimal digits.
  package var id: String
  package var event: Int64
  package var eventType: String
  package var subject: String?
  package var action: String
  package var state: RunState
  package var attempts: Int64
  /// Attempts that were cut off by a crash.
  package var unclean: Int64
  package var change: Int64
  package var created: Int64
  /// When its first attempt began.
  package var started: Int64?
  package var ended: Int64?
  /// When a waiting run is tried again: nanoseconds since 1970.
  package var due: Int64?
  /// How the last attempt ended: `exited 3`, `timed out`.
  package var outcome: String?
  package var reason: String?
  /// Whether it was made by `replay`.
  package var isReplay: Bool
  /// Whether it waits aside, because its action is suspended or its event's redelivery is awaited.
  package var isAside: Bool
}

/// One attempt of a run.
package struct StoredAttempt: Sendable {
  package var attempt: Int64
  package var started: Int64
  package var ended: Int64?
  /// Nanoseconds.
  package var duration: Int64?
  package var outcome: String?
  package var code: Int64?
  package var reason: String?
  package var program: String
  /// argv, each argument's bytes.
  package var arguments: [[UInt8]]
  package var directory: String
  package var revision: String
  package var pid: Int64?
  package var standardOutput: StoredOutput?
  package var standardError: StoredOutput?
}

/// What was kept of one stream.
package struct StoredOutput: Sendable {
  package var head: [UInt8]
  package var tail: [UInt8]
  /// Bytes between the two that were not kept.
  package var dropped: Int64

  package init(head: [UInt8], tail: [UInt8], dropped: Int64) {
    self.head = head
    self.tail = tail
    self.dropped = dropped
  }

  /// Nothing was written.
  package static let none = StoredOutput(head: [], tail: [], dropped: 0)
}

/// A type that was seen.
package struct StoredType: Sendable {
  package var name: String
  package var seen: Int64
  package var matched: Int64
  package var first: Int64
  package var last: Int64
  package var source: String?
  package var envelope: [UInt8]?
  package var sample: [UInt8]?
}
