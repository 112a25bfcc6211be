// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Event {
  /// The event as one JSON object, as scripts read it on their standard input.
  ///
  /// Keys, always there and in this order: `id, type, time, received, source, subject, objects, publisher, priority,
  /// tags, routing_key, exchange, queue, redelivered, context, payload`; then `payload_raw` only where unwrapping
  /// versioned objects changed the payload. What an event does not have is null. The schema is
  /// `etc/event.schema.json`.
  ///
  /// Made once for each event: several actions share one array.
  package func normalizedJSON() -> [UInt8] { decoder.rendering(\.normalized, makeNormalizedJSON) }

  /// The payload as compact JSON, versioned objects unwrapped; made once for each event.
  func payloadJSON() -> [UInt8] {
    decoder.rendering(\.payload) {
      var json: [UInt8] = []
      payload.appendJSON(to: &json, unwrapping: true)
      return json
    }
  }

  private func makeNormalizedJSON() -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(4096)
    func append(_ key: StaticString, _ value: FieldValue) {
      output.append(output.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
      output.append(UInt8(ascii: "\""))
      output.append(literal: key)
      output.append(literal: "\":")
      value.appendJSON(to: &output)
    }
    append("id", .optional(id))
    append("type", .text(type))
    append("time", .optional(time))
    append("received", .text(Self.instant(envelope.received)))
    append("source", .text(envelope.source))
    append("subject", .optional(subject.name))
    output.append(literal: ",\"objects\":")
    appendObjects(to: &output)
    append("publisher", .optional(publisher))
    append("priority", .optional(priority))
    append("tags", .list(tags))
    append("routing_key", .text(envelope.routingKey))
    append("exchange", .text(envelope.exchange))
    append("queue", .text(envelope.queue))
    append("redelivered", .boolean(envelope.redelivered))
    output.append(literal: ",\"context\":")
    appendContext(to: &output)
    append("payload", .json(payload))
    if payload.holdsVersionedObject { append("payload_raw", .json(payload.raw)) }
    output.append(UInt8(ascii: "}"))
    return output
  }

  private func appendObjects(to output: inout [UInt8]) {
    var opening = UInt8(ascii: "{")
    for kind in objectKinds {
      guard let name = object(kind).name else { continue }
      output.append(opening)
      opening = UInt8(ascii: ",")
      output.appendJSON(text: kind.utf8)
      output.append(UInt8(ascii: ":"))
      output.appendJSON(text: name.utf8)
    }
    if opening == UInt8(ascii: "{") { output.append(opening) }
    output.append(UInt8(ascii: "}"))
  }

  private func appendContext(to output: inout [UInt8]) {
    var opening = UInt8(ascii: "{")
    forEachContextValue { name, value in
      output.append(opening)
      opening = UInt8(ascii: ",")
      output.appendJSON(text: name)
      output.append(UInt8(ascii: ":"))
      value.appendJSON(to: &output)
    }
    if opening == UInt8(ascii: "{") { output.append(opening) }
    output.append(UInt8(ascii: "}"))
  }

  /// Calls `body` for each value of the sender's context, each name once, `auth_token` never.
  func forEachContextValue(_ body: (_ name: UnsafeBufferPointer<UInt8>, FieldValue) -> Void) {
    switch form {
    case .oslo:
      message.forEachDistinctMember { key, value in
        guard key.starts(with: "_context_"), !key.equals(AuthToken.key) else { return }
        body(key.dropFirst(FieldPath.contextPrefix.utf8.count).rebased, .json(value.raw))
      }
    case .cloudEventStructured:
      message.forEachDistinctMember { key, value in
        for known: StaticString in ["id", "type", "time", "source", "subject", "data", "data_base64"] {
          if key.equals(known) { return }
        }
        body(key, .json(value.raw))
      }
    case .cloudEventBinary:
      var seen: Set<Substring> = ["id", "type", "time", "source", "subject"]
      for header in envelope.headers {
        guard var name = Envelope.cloudEventAttribute(ofHeader: header.name), seen.insert(name).inserted else {
          continue
        }
        name.withUTF8 { body($0, header.value.fieldValue) }
      }
    case .local, .plain, .tags, .text: break
    }
  }

  /// Nanoseconds since 1970 as ISO 8601 in UTC with microseconds.
  package static func instant(_ nanoseconds: Int64) -> String {
    let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000)
    var time = time_t(rest < 0 ? seconds - 1 : seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    func padded(_ number: some BinaryInteger, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let date = "\(padded(parts.tm_year + 1900, 4))-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
    let clock = "\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
    return "\(date)T\(clock).\(padded((rest < 0 ? rest + 1_000_000_000 : rest) / 1000, 6))Z"
  }
}

extension FieldValue {
  static func optional(_ text: String?) -> FieldValue { text.map(FieldValue.text) ?? .null }
}
