// SPDX-License-Identifier: Apache-2.0

import Events

/// Reads CloudEvents 1.0 as the HTTP protocol binding brings them: structured, in batches, and binary.
enum CloudEventReader {
  /// One event of the JSON format; it is kept as it is, white space apart.
  static func structured(_ event: JSONValue, _ place: EventPlace) throws(Problem) -> Publication {
    guard event.kind == .object else {
      throw place.problem("", "the CloudEvent is \(LocalEventReader.article(event)), not an object")
    }
    try checkAttributes(place) { name throws(Problem) in
      guard let value = event.member(named: name) else { return nil }
      guard value.kind == .string else {
        throw place.problem(name, "\(name) is \(LocalEventReader.article(value)); expected a text")
      }
      return value.text
    }
    var body: [UInt8] = []
    event.appendJSON(to: &body, unwrapping: false)
    return Publication(body: body, contentType: "application/cloudevents+json", isNamed: true)
  }

  /// An event whose attributes are headers and whose data is the body.
  static func binary(
    _ body: [UInt8], contentType: String?, _ attributes: [Envelope.Header]
  ) throws(Problem) -> Publication {
    try checkAttributes(EventPlace()) { name throws(Problem) in
      let named = attributes.filter { $0.name == "cloudEvents_\(name)" }
      guard named.count <= 1 else { throw EventPlace().problem("ce-\(name)", "ce-\(name) is there twice; say it once") }
      guard case .text(let text) = named.first?.value else { return nil }
      return text
    }
    return Publication(body: body, contentType: contentType, headers: attributes, isNamed: true)
  }

  private static func checkAttributes(
    _ place: EventPlace, _ attribute: (String) throws(Problem) -> String?
  ) throws(Problem) {
    for name in ["specversion", "id", "source", "type", "subject", "time"] {
      guard let text = try attribute(name) else {
        guard name == "subject" || name == "time" else {
          throw place.problem(name, "the CloudEvent has no \(name); specversion, id, source and type are required")
        }
        continue
      }
      switch name {
      case "specversion" where !text.hasPrefix("1."):
        throw place.problem(name, "specversion is '\(text.prefix(80))'; 1.x is what can be read", value: text)
      case "type": _ = try LocalEventReader.checkedType(text, name, place)
      case "time" where !Event.isInstantWithOffset(text):
        throw place.problem(
          name, "time is '\(text.prefix(80))'; expected an instant with its offset, such as 2026-11-27T12:00:00Z",
          value: String(text.prefix(80)))
      default: try LocalEventReader.check(text, name, limit: LocalEventReader.longestName, place)
      }
    }
  }
}
