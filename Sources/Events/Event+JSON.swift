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
    func begin(_ key: StaticString) {
      output.append(output.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
      output.append(UInt8(ascii: "\""))
      output.append(literal: key)
      output.append(literal: "\":")
    }
    func append(_ key: StaticString, _ value: FieldValue) {
      begin(key)
      value.appendJSON(to: &output)
    }
    func appendName(_ key: StaticString, _ value: FieldValue) {
      begin(key)
      if !value.appendName(to: &output) { output.append(literal: "null") }
    }
    appendName("id", fact(.id))
    begin("type")
    withType { output.appendJSON(text: $0) }
    appendName("time", fact(.time))
    append("received", .text(Self.instant(envelope.received)))
    append("source", .text(envelope.source))
    appendName("subject", subject)
    output.append(literal: ",\"objects\":")
    appendObjects(to: &output)
    appendName("publisher", fact(.publisher))
    appendName("priority", fact(.priority))
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
      let name = object(kind)
      guard !name.named.isMissing else { continue }
      output.append(opening)
      opening = UInt8(ascii: ",")
      output.appendJSON(text: kind.utf8)
      output.append(UInt8(ascii: ":"))
      name.appendName(to: &output)
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
    var text = Array("0000-00-00T00:00:00.000000Z".utf8)
    func write(_ number: some BinaryInteger, endingAt end: Int) {
      var (rest, place) = (Int(number), end)
      while rest > 0, place >= 0 {
        text[place] += UInt8(rest % 10)
        rest /= 10
        place -= 1
      }
    }
    write(parts.tm_year + 1900, endingAt: 3)
    write(parts.tm_mon + 1, endingAt: 6)
    write(parts.tm_mday, endingAt: 9)
    write(parts.tm_hour, endingAt: 12)
    write(parts.tm_min, endingAt: 15)
    write(parts.tm_sec, endingAt: 18)
    write((rest < 0 ? rest + 1_000_000_000 : rest) / 1000, endingAt: 25)
    return String(decoding: text, as: UTF8.self)
  }
}

extension FieldValue {
  /// Appends the value as a JSON string, also where it is a number, as `name` does; returns false where it names nothing.
  @discardableResult
  fileprivate func appendName(to output: inout [UInt8]) -> Bool {
    named.withScalarText { text in
      guard let text else { return false }
      output.appendJSON(text: text)
      return true
    }
  }
}
