// SPDX-License-Identifier: Apache-2.0

/// What became of an event that was to be accepted.
package enum Acceptance: Sendable {
  /// It has this number, and these runs in the order of the files.
  case new(event: Int64, runs: [QueuedRun])
  /// It was accepted before under this number.
  case duplicate(of: Int64)
}

/// Where a run stands.
package struct QueuedRun: Sendable, Equatable {
  package var number: Int64
  /// The action's number in the journal.
  package var action: Int64
  /// Its order among all runs.
  package var place: Int64
  /// Whether it may start as soon as the limits allow.
  package var isHead: Bool

  package init(number: Int64, action: Int64, place: Int64, isHead: Bool) {
    self.number = number
    self.action = action
    self.place = place
    self.isHead = isHead
  }
}

extension JournalWriter {
  /// Stores an event with its runs, unless it is known.
  package func accept(_ event: NewEvent) throws(SQLiteError) -> Acceptance {
    if let identity = event.identity, let first = try number(ofIdentity: identity) { return .duplicate(of: first) }
    try note(time: event.received)
    try statements.insertEvent.run(
      .integer(try sourceID(event.source)), .integer(try typeID(event.type)), .optional(event.id),
      .optional(event.time), .integer(event.received), .optional(event.subject), .text(Self.json(event.objects)),
      .text(event.result.rawValue), .optional(event.reason), .text(event.settle.rawValue), .integer(event.size),
      event.tags.isEmpty ? .null : .text(Self.json(event.tags)), .optional(event.value), .optional(event.cause))
    let number = connection.lastInsertedRow
    numbers.event = max(numbers.event, number)
    try statements.insertContent.run(
      .integer(number), .text(String(decoding: event.envelope, as: UTF8.self)), .blob(event.body))
    for object in event.objects {
      try statements.insertObject.run(.text(object.kind), .text(object.name), .integer(number))
    }
    // By its subject, too, an event is found among the objects.
    if let subject = event.subject, !event.objects.contains(where: { $0.name == subject }) {
      try statements.insertObject.run(.text(""), .text(subject), .integer(number))
    }
    for tag in event.tags {
      try statements.insertTag.run(.text(tag), .integer(number))
      guard let colon = tag.firstIndex(of: ":"), colon > tag.startIndex else { continue }
      try statements.insertTag.run(.text(String(tag[..<colon])), .integer(number))
    }
    if let identity = event.identity {
      try statements.insertIdentity.run(.blob(identity), .integer(number), .integer(event.received))
    }
    return .new(event: number, runs: try add(event.runs, toEvent: number, at: event.received, isReplay: false))
  }

  /// The event that was accepted under an identity.
  package func number(ofIdentity identity: [UInt8]) throws(SQLiteError) -> Int64? {
    try statements.identity.first(.blob(identity)) { row throws(SQLiteError) in row.integer(0) }
  }

  /// Adds runs to an event, each at the end of its lane.
  package func add(
    _ runs: [NewRun], toEvent event: Int64, at time: Int64, isReplay: Bool
  ) throws(SQLiteError) -> [QueuedRun] {
    if !runs.isEmpty { try note(time: time) }
    var added: [QueuedRun] = []
    for run in runs {
      let action = try actionID(run.action)
      let place = nextInSequence()
      let isQueued = run.state == .pending && !run.isAside
      var isHead = isQueued
      if isQueued, let lane = run.lane { isHead = try !isTaken(lane) }
      try statements.insertRun.run(
        .blob(run.id), .integer(event), .integer(action), .optional(run.lane), .integer(place),
        .text(run.state.rawValue), .boolean(isQueued), .boolean(isHead), .integer(time),
        run.state.isEnded ? .integer(time) : .null, .optional(run.reason), .boolean(isReplay))
      let number = connection.lastInsertedRow
      numbers.run = max(numbers.run, number)
      added.append(
        QueuedRun(number: number, action: action, place: place, isHead: isHead))
    }
    return added
  }

  private func isTaken(_ lane: Int64) throws(SQLiteError) -> Bool {
    try statements.laneIsTaken.first(.integer(lane)) { _ throws(SQLiteError) in true } ?? false
  }

  /// A JSON object of texts.
  static func json(_ objects: [(kind: String, name: String)]) -> String {
    var text = ByteText()
    text.add("{")
    for (index, object) in objects.enumerated() {
      if index > 0 { text.add(",") }
      text.addQuoted(object.kind)
      text.add(":")
      text.addQuoted(object.name)
    }
    text.add("}")
    return text.string
  }

  /// A JSON list of texts.
  static func json(_ texts: [String]) -> String {
    var text = ByteText()
    text.add("[")
    for (index, each) in texts.enumerated() {
      if index > 0 { text.add(",") }
      text.addQuoted(each)
    }
    text.add("]")
    return text.string
  }
}

/// JSON that is put together byte by byte: a string that takes scalars looks for room at each.
private struct ByteText {
  private var bytes: [UInt8] = []

  var string: String { String(decoding: bytes, as: UTF8.self) }

  mutating func add(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func addQuoted(_ text: String) {
    let digits: StaticString = "0123456789abcdef"
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20:
        add("\\u00")
        bytes.append(digits.utf8Start[Int(byte >> 4)])
        bytes.append(digits.utf8Start[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
