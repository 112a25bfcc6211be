// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import Scripts
import WebAPI

/// An event that a source took, on its way into the journal.
struct Arrival: Sendable {
  var event: NewEvent
  /// What the event was decoded with: an attempt that starts at once need not read it again.
  var envelope: Envelope
  /// What a source is told of it; nil where whoever brought it is answered otherwise.
  var receipt: Receipt?
  /// Of a body that could not be decoded.
  var digest: Digest?

  var receipts: [Receipt] { receipt.map { [$0] } ?? [] }
}

/// What the journal's thread is brought.
enum DispatchInput: Sendable {
  case arrived([Arrival])
  case published(PublishedBatch)
  case endures(AttemptID, pid: Int32, start: Int64?)
  case ended(AttemptID, Completion)
  case asked(Request)
  /// Something that the daemon tells of itself.
  case happened(OwnEvent)
  /// Once a second.
  case tick
  /// Nothing new is started; what runs is finished.
  case drain
  /// What has not started by now is given back.
  case abandon
  case stop
}

/// Events that somebody published: all of them are in one transaction, with whatever else comes at that time.
struct PublishedBatch: Sendable {
  var arrivals: [Arrival]
  /// Answers, once they are durable or were refused.
  let answer: @Sendable (Result<[Stored], PublishRefusal>) -> Void

  struct Stored: Sendable {
    /// Of a duplicate, the first's.
    var number: Int64
    var isDuplicate: Bool
  }
}

/// A person's decision: its own transaction, and an answer.
struct Request: Sendable {
  /// Does it; what it throws takes everything back.
  let perform: @Sendable (_ dispatcher: Dispatcher, _ effects: inout Effects) throws -> Void
  /// Answers, once it is durable, or was refused.
  let answer: @Sendable (_ refusal: ControlError?) -> Void
}
