// SPDX-License-Identifier: Apache-2.0

/// Something that the daemon tells of itself, on its way to become an event.
package struct OwnEvent: Sendable {
  /// A value of its payload.
  package enum Fact: Sendable {
    case null
    case integer(Int64)
    case text(String)
    case texts([String])
    /// JSON that was checked by whoever made it.
    case written([UInt8])

    package static func optional(_ text: String?) -> Fact { text.map(Fact.text) ?? .null }
    package static func optional(_ number: Int64?) -> Fact { number.map(Fact.integer) ?? .null }
  }

  package let type: OwnEventType
  package var facts: [String: Fact]
  /// The run that it tells of; nil = none, or several.
  package var cause: Int64?
  /// The actions whose runs led to it, the last one first: none of them is given it, so that none answers to itself.
  package var chain: [String] = []

  package init(_ type: OwnEventType, _ facts: [String: Fact], cause: Int64? = nil) {
    self.type = type
    self.facts = facts
    self.cause = cause
  }

  /// How long a chain may be: a run for an event at its end is not made.
  package static let longestChain = 5

  /// The payload: the members of its type in their order, then `time`.
  package func body(at time: Int64) -> [UInt8] {
    var body: [UInt8] = []
    for name in type.members {
      body.append(body.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
      body.appendJSON(text: name.utf8)
      body.append(UInt8(ascii: ":"))
      (name == "chain" ? .texts(chain) : facts[name] ?? .null).append(to: &body)
    }
    body.append(literal: ",\"time\":")
    body.appendJSON(text: Event.instant(time).utf8)
    body.append(UInt8(ascii: "}"))
    return body
  }
}

extension OwnEvent.Fact {
  fileprivate func append(to body: inout [UInt8]) {
    switch self {
    case .null: body.append(literal: "null")
    case .integer(let number): body += String(number).utf8
    case .text(let text): body.appendJSON(text: text.utf8)
    case .texts(let texts): FieldValue.list(texts).appendJSON(to: &body)
    case .written(let json): body += json
    }
  }
}

extension EventMapping {
  /// How the bodies of the daemon's own events are read.
  package static let own: EventMapping = {
    var mapping = EventMapping()
    mapping.time = FieldPath.list("time").first
    mapping.subject = FieldPath.list("subject")
    mapping.objectMap = FieldPath.list("objects").first
    return mapping
  }()
}

extension Event {
  /// The actions whose runs led to one of the daemon's own events; none for events from outside.
  package var chain: [String] {
    guard envelope.source == OwnEventType.source, let list = payload.member("chain") else { return [] }
    var chain: [String] = []
    list.forEachElement { element in
      chain.append(element.text)
      return true
    }
    return chain
  }
}
