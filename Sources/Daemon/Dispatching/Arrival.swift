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
  var receipt: Receipt
  /// Of a body that could not be decoded.
  var digest: Digest?
}

/// What the journal's thread is brought.
enum DispatchInput: Sendable {
  case arrived([Arrival])
  case started(AttemptID, pid: Int32, start: Int64?)
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

/// A person's decision: its own transaction, and an answer.
struct Request: Sendable {
  /// Does it; what it throws takes everything back.
  let perform: @Sendable (_ dispatcher: Dispatcher, _ effects: inout Effects) throws -> Void
  /// Answers, once it is durable, or was refused.
  let answer: @Sendable (_ refusal: ControlError?) -> Void
}
