// SPDX-License-Identifier: Apache-2.0

/// Turns bodies into events.
///
/// Owned by one thread; its memory is reused from one body to the next.
///
/// Nothing sees a body before the value of `_context_auth_token` is blanked in the decoder's own copy. Once warm,
/// decoding a notification allocates nothing.
package final class EventDecoder {
  package let mapping: EventMapping
  /// The size in bytes that an inflated body may have.
  package let inflatedLimit: Int

  /// What the source said about the delivery; the events are views, and copying one must not copy this.
  private(set) var envelope = Envelope(source: "")
  private var bodyMemory = ByteMemory()
  private var inflater = Inflater()
  /// The body itself, or for a CloudEvent in `data_base64` and for text the JSON made of it.
  let outer = JSONDocument()
  /// What a string of the body holds: `oslo.message`, decoded `data_base64`.
  let inner = JSONDocument()
  let nothing = JSONDocument()
  /// What was made of the present event for one action, kept for the next.
  var renderings = Renderings()

  /// The length in bytes that an event's type may have: that of an AMQP routing key, which most types are.
  ///
  /// A type stands in every log line of its event and is matched against every pattern.
  package static let longestType = 255

  /// Forms of one event that several actions may ask for; each is made once.
  struct Renderings {
    var normalized: [UInt8]?
    var payload: [UInt8]?
    var body: [UInt8]?
    var bodyDigest: Digest?
  }

  package init(_ mapping: EventMapping, inflatedLimit: Int) {
    self.mapping = mapping
    self.inflatedLimit = inflatedLimit
  }

  /// The body of the last call, inflated, the value of `_context_auth_token` blanked, whether it was decoded or not:
  /// what may be logged.
  ///
  /// Empty where it could not be inflated.
  package var lastBody: [UInt8] { bodyMemory.withBytes { Array($0) } }

  /// Decodes one body.
  ///
  /// The event is a view, valid until the next call.
  ///
  /// What was published to onevent itself is told by its content type, whatever the format. Formats under
  /// `format = auto`, the first that fits: a CloudEvent that says so in its headers or content type, oslo 2.0 (`oslo.version` and `oslo.message`), oslo 1.0 (`event_type` and `payload`), a CloudEvent by its
  /// required attributes, plain JSON. The type of plain JSON and of text is the routing key where `event_type` finds
  /// none, and `event` where that is empty too.
  package func decode(_ body: UnsafeRawBufferPointer, _ envelope: Envelope) throws(DecodingFailure) -> Event {
    try take(body, envelope)
    do {
      let event = try envelope.declaresLocalEvent ? decodeLocalEvent() : decodeForeign(envelope)
      try refuseReadableToken()
      try refuseLongType(event)
      return event
    } catch {
      if hidesToken { bodyMemory.blankAll() }
      bodyMemory.withMutableBytes(AuthToken.blankBehindStrayKey(in:))
      throw error
    }
  }

  /// Gives back the memory that a large body took; what was decoded is forgotten.
  package func trim() {
    renderings = Renderings()
    outer.trim()
    inner.trim()
    bodyMemory.trim()
  }

  func withBody<R, E>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    try bodyMemory.withBytes(body)
  }

  var hasEmptyBody: Bool { bodyMemory.isEmpty }

  private func take(_ body: UnsafeRawBufferPointer, _ envelope: Envelope) throws(DecodingFailure) {
    self.envelope = envelope
    renderings = Renderings()
    bodyMemory.clear()
    if body.count <= ByteMemory.keptCapacity { bodyMemory.trim() }
    outer.forget()
    inner.forget()
    if let compression = try Compression(of: envelope) {
      self.envelope.isInflated = true
      try inflater.inflate(body, compression, limit: inflatedLimit, into: &bodyMemory)
    } else if !bodyMemory.replace(with: body) {
      throw DecodingFailure("There is no memory for a body of \(body.count) bytes.")
    }
    bodyMemory.withMutableBytes(AuthToken.blank(in:))
  }

  private func decodeForeign(_ envelope: Envelope) throws(DecodingFailure) -> Event {
    switch mapping.format {
    case .auto: try decodeJSON(envelope)
    case .tags: try decodeTags(envelope)
    case .text: try decodeText(envelope)
    }
  }

  private func decodeJSON(_ envelope: Envelope) throws(DecodingFailure) -> Event {
    if let event = try decodeDeclaredCloudEvent(envelope) { return event }
    try parseBody()
    let root = outer.root
    guard root.kind == .object else { return plain(envelope) }
    if let version = root.member("oslo.version"), let message = root.member("oslo.message") {
      return try decodeOslo(version, message, envelope)
    }
    if root.member("event_type") != nil, root.member("payload") != nil { return try oslo(root, envelope) }
    if isCloudEvent(root) { return try decodeStructuredCloudEvent(root, envelope) }
    return plain(envelope)
  }

  func parseBody() throws(DecodingFailure) {
    try withBody { bytes throws(DecodingFailure) in
      do throws(JSONError) {
        try outer.parse(bytes)
      } catch {
        throw DecodingFailure("The body", error)
      }
    }
  }

  private func plain(_ envelope: Envelope) -> Event {
    event(.plain, envelope, payload: outer.root)
  }

  /// An event whose facts come from the mapping and the envelope.
  func event(_ form: Event.Form, _ envelope: Envelope, payload: JSONValue) -> Event {
    var event = Event(
      form, self, message: nothing.root, payload: payload,
      type: .text(envelope.routingKey.isEmpty ? Event.defaultType : envelope.routingKey))
    if let path = mapping.type {
      let type = event.value(at: path).named
      if !type.isMissing { event.typeValue = type }
    }
    return event
  }

  /// The last line of defence: no event is made of a body in which blanking left a token readable.
  private func refuseReadableToken() throws(DecodingFailure) {
    guard hidesToken else { return }
    throw DecodingFailure("The body holds `_context_auth_token` in a form that could not be blanked.")
  }

  private func refuseLongType(_ event: Event) throws(DecodingFailure) {
    let length = event.withType(\.count)
    guard length > Self.longestType else { return }
    throw DecodingFailure(
      "The event's type is \(length) bytes long; at most \(Self.longestType) are taken, as in a routing key of AMQP.")
  }

  /// A form of the present event, made where no action has asked for it before.
  func rendering(_ form: WritableKeyPath<Renderings, [UInt8]?>, _ make: () -> [UInt8]) -> [UInt8] {
    if let made = renderings[keyPath: form] { return made }
    let made = make()
    renderings[keyPath: form] = made
    return made
  }

  /// The digest of the body as events show it.
  var bodyDigest: Digest {
    if let digest = renderings.bodyDigest { return digest }
    let digest = bodyMemory.withBytes { Digest(of: $0) }
    renderings.bodyDigest = digest
    return digest
  }

  private var hidesToken: Bool { outer.tape.holdsReadable(AuthToken.key) || inner.tape.holdsReadable(AuthToken.key) }
}
