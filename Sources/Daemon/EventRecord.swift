// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

/// Makes of a decoded event what the journal takes.
struct EventRecord {
  let source: String
  let settle: SettleMode

  func newEvent(_ event: Event, result: EventResult, runs: [NewRun]) -> NewEvent {
    var record = NewEvent(
      source: source, type: event.type, id: event.id, identity: event.identityDigest, time: event.time,
      received: event.envelope.received, subject: event.subjectName, objects: event.objects, result: result,
      reason: nil, settle: settle, envelope: event.envelope.storedJSON, body: event.body, runs: runs)
    record.tags = event.tags
    record.value = event.measurement
    return record
  }

  /// What could not be decoded: its bytes, as far as they may be kept, and why.
  func undecodable(_ envelope: Envelope, body: [UInt8], size: Int, reason: String) -> NewEvent {
    var event = NewEvent(
      source: source, type: envelope.routingKey, id: nil, identity: nil, time: nil, received: envelope.received,
      subject: nil, objects: [], result: .undecodable, reason: reason, settle: .journal,
      envelope: envelope.storedJSON, body: body, runs: [])
    event.size = size
    return event
  }

  /// The run of an action for an event.
  func newRun(of action: Action, for event: Event, salt: String) -> NewRun {
    var run = NewRun(
      id: event.runID(of: action.name, salt: salt), action: action.name,
      lane: action.orderingKey(for: event).map(lane(ofKey:)), state: .pending, reason: nil,
      isAside: false)
    if action.mode == .observe {
      run.state = .observed
    } else if let age = event.age, let limit = action.maxEventAge, age > limit {
      run.state = .expired
      run.reason = "the event was \(seconds(age)) old"
    }
    return run
  }
}
