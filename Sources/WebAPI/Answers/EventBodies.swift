// SPDX-License-Identifier: Apache-2.0

package import Events
package import Journal

/// Reads stored bodies for the journal's readers and for its index of words, as the configuration says.
package final class EventBodies: BodyReading {
  private let mapping: @Sendable (_ source: String) -> EventMapping
  private var decoders: [String: EventDecoder] = [:]
  /// The path that was asked for last; nil where its text is none.
  private var path: (text: String, value: FieldPath?)?

  package init(_ mapping: @escaping @Sendable (_ source: String) -> EventMapping) {
    self.mapping = mapping
  }

  /// The keys and scalars of the payload; of what cannot be decoded the body as it stands.
  package func forEachText(of body: StoredBody, _ use: (UnsafeBufferPointer<UInt8>) -> Bool) {
    let isDecoded: Void? = withDecoded(body) { event in _ = Self.walk(event.payload, use) }
    guard isDecoded == nil else { return }
    body.body.withUnsafeBufferPointer { _ = use($0) }
  }

  package func number(at path: String, of body: StoredBody) -> Double? {
    if self.path?.text != path { self.path = (path, try? FieldPath(path)) }
    guard let path = self.path?.value else { return nil }
    return withDecoded(body) { event in event.value(at: path).double } ?? nil
  }

  /// False once enough was handed over.
  private static func walk(_ value: JSONValue, _ use: (UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
    var goesOn = true
    switch value.kind {
    case .null, .true, .false: break
    case .number, .string: goesOn = value.withText(use)
    case .array:
      value.forEachElement { element in
        goesOn = walk(element, use)
        return goesOn
      }
    case .object:
      value.forEachMember { key, member in
        goesOn = use(key) && walk(member, use)
        return goesOn
      }
    }
    return goesOn
  }

  /// Nil where the body cannot be decoded.
  private func withDecoded<Value>(_ body: StoredBody, _ use: (Event) -> Value) -> Value? {
    let decoder: EventDecoder
    if let known = decoders[body.source] {
      decoder = known
    } else {
      decoder = EventDecoder(mapping(body.source), inflatedLimit: 16 << 20)
      decoders[body.source] = decoder
    }
    let envelope = Envelope(stored: body.envelope, source: body.source, received: body.received)
    return try? body.body.withUnsafeBytes { buffer in use(try decoder.decode(buffer, envelope)) }
  }
}

extension FieldValue {
  /// The number that the value is, where a double holds it.
  fileprivate var double: Double? {
    let number: Double? =
      switch self {
      case .json(let value): value.kind == .number ? Double(value.text) : nil
      case .number(let text): Double(text)
      case .missing, .text, .boolean, .null, .list: nil
      }
    return number.flatMap { $0.isFinite ? $0 : nil }
  }
}
