// SPDX-License-Identifier: Apache-2.0

import Events

/// Reads an event as people write it: `{"type", "tags", "value" | "payload", "subject", "objects", "timestamp", "id"}`.
///
/// What comes out is the local form with its members in one order, so that an event that is sent again has the same
/// bytes, however it was written.
enum LocalEventReader {
  static let members = ["type", "tags", "value", "payload", "subject", "objects", "timestamp", "id"]
  static let longestName = 1_024
  static let mostTags = 64
  static let mostObjects = 32

  static func publication(_ event: JSONValue, _ place: EventPlace) throws(Problem) -> Publication {
    guard event.kind == .object else {
      throw place.problem(
        "", "the event is \(article(event)), not an object such as {\"type\": \"door.opened\", \"value\": 1}")
    }
    for (key, _) in event.members where !members.contains(key) {
      let shown = key.prefix(80)
      throw place.problem(
        String(shown),
        key == "specversion"
          ? "the event is a CloudEvent; send it as Content-Type: application/cloudevents+json"
          : "there is no member '\(shown)' in an event; there are \(members.joined(separator: ", ")), and payload holds "
            + "what else there is to say")
    }
    var form = Form()
    form.append("type", text: try type(event, place))
    try appendTags(of: event, place, to: &form)
    for name in ["subject", "timestamp", "id"] {
      guard let value = try self.name(event.member(named: name), name, place) else { continue }
      if name == "timestamp", !Event.isInstantWithOffset(value) {
        throw place.problem(
          name, "timestamp is '\(value.prefix(80))'; expected an instant with its offset, such as 2026-11-27T12:00:00Z",
          value: String(value.prefix(80)))
      }
      form.append(name, text: value)
    }
    try appendObjects(of: event, place, to: &form)
    try appendPayload(of: event, place, to: &form)
    return Publication(
      body: form.finished, contentType: Envelope.localContentType, isNamed: event.member(named: "id") != nil)
  }

  private static func type(_ event: JSONValue, _ place: EventPlace) throws(Problem) -> String {
    guard let member = event.member(named: "type") else { return Event.defaultType }
    guard member.kind == .string else {
      throw place.problem("type", "type is \(article(member)); expected a text such as door.opened")
    }
    return try checkedType(member.text, "type", place)
  }

  /// A type that may be published: one of ours would have actions believe what only the daemon can know.
  static func checkedType(_ type: String, _ field: String, _ place: EventPlace) throws(Problem) -> String {
    try check(type, field, limit: EventDecoder.longestType, place)
    guard !OwnEventType.isOwn(type) else {
      throw place.problem(
        field, "\(field) is '\(type)': the types onevent and onevent.… are reserved for the daemon's own events",
        value: type)
    }
    return type
  }

  /// A text that names something, or a number by its text; nil where there is none.
  private static func name(
    _ value: JSONValue?, _ field: String, limit: Int = longestName, _ place: EventPlace
  ) throws(Problem) -> String? {
    guard let value else { return nil }
    guard value.kind == .string || value.kind == .number else {
      throw place.problem(field, "\(field) is \(article(value)); expected a text")
    }
    let text = value.text
    try check(text, field, limit: limit, place)
    return text
  }

  /// - Throws: Where a text is empty, too long, or holds a control character, which no line of a log could show.
  static func check(_ text: String, _ field: String, limit: Int, _ place: EventPlace) throws(Problem) {
    guard !text.isEmpty, text.utf8.count <= limit else {
      throw place.problem(field, "\(field) has \(text.utf8.count) bytes; expected 1 to \(limit)")
    }
    guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
      throw place.problem(field, "\(field) holds a control character; expected a text of one line")
    }
  }

  private static func appendTags(of event: JSONValue, _ place: EventPlace, to form: inout Form) throws(Problem) {
    guard let member = event.member(named: "tags") else { return }
    let elements = member.kind == .array ? member.elements : [member]
    guard elements.count <= mostTags else {
      throw place.problem("tags", "tags has \(elements.count) entries; at most \(mostTags) are taken")
    }
    var tags: [String] = []
    for element in elements {
      guard let tag = try name(element, "tags", limit: Event.longestTag, place) else { continue }
      if !tags.contains(tag) { tags.append(tag) }
    }
    guard !tags.isEmpty else { return }
    form.append("tags", JSONTree.list(tags.map(JSONTree.text)).encoded)
  }

  private static func appendObjects(of event: JSONValue, _ place: EventPlace, to form: inout Form) throws(Problem) {
    guard let member = event.member(named: "objects") else { return }
    guard member.kind == .object else {
      throw place.problem(
        "objects", "objects is \(article(member)); expected kinds and names, such as {\"node\": \"n-1\"}")
    }
    guard member.count <= mostObjects else {
      throw place.problem("objects", "objects has \(member.count) entries; at most \(mostObjects) are taken")
    }
    var objects: [(key: String, value: JSONTree)] = []
    for (kind, value) in member.members {
      try check(kind, "objects", limit: 64, place)
      guard let name = try name(value, "objects.\(kind)", place) else { continue }
      objects.removeAll { $0.key == kind }
      objects.append((kind, .text(name)))
    }
    if !objects.isEmpty { form.append("objects", JSONTree.object(objects).encoded) }
  }

  /// The payload; `value` is a member of it, as a measurement is in every event.
  private static func appendPayload(of event: JSONValue, _ place: EventPlace, to form: inout Form) throws(Problem) {
    let (payload, value) = (event.member(Array("payload".utf8)), event.member(Array("value".utf8)))
    guard let value else {
      if let payload { form.append("payload", bytes(payload)) }
      return
    }
    guard let payload, payload.kind != .null else {
      form.append("payload", Array("{\"value\":".utf8) + bytes(value) + [UInt8(ascii: "}")])
      return
    }
    guard payload.kind == .object, payload.member(Array("value".utf8)) == nil else {
      throw place.problem(
        "value",
        payload.kind == .object
          ? "value stands in the event and in its payload; say it once"
          : "value goes into the payload, which is \(article(payload)) here, not an object; leave one of the two out")
    }
    var object = bytes(payload)
    object.removeLast()
    if payload.count > 0 { object.append(UInt8(ascii: ",")) }
    form.append("payload", object + Array("\"value\":".utf8) + bytes(value) + [UInt8(ascii: "}")])
  }

  private static func bytes(_ value: JSONValue) -> [UInt8] {
    var bytes: [UInt8] = []
    value.appendJSON(to: &bytes, unwrapping: false)
    return bytes
  }

  static func article(_ value: JSONValue) -> String {
    switch value.kind {
    case .null: "null"
    case .true: "true"
    case .false: "false"
    case .number: "a number"
    case .string: "a text"
    case .array: "a list"
    case .object: "an object"
    }
  }

  /// A JSON object that grows by members.
  private struct Form {
    private var json: [UInt8] = [UInt8(ascii: "{")]

    mutating func append(_ name: String, text: String) {
      begin(name)
      json.appendJSON(text: text.utf8)
    }

    mutating func append(_ name: String, _ value: [UInt8]) {
      begin(name)
      json += value
    }

    private mutating func begin(_ name: String) {
      if json.count > 1 { json.append(UInt8(ascii: ",")) }
      json.appendJSON(text: name.utf8)
      json.append(UInt8(ascii: ":"))
    }

    var finished: [UInt8] { json + [UInt8(ascii: "}")] }
  }
}
