// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// The events that the body of a request holds, each in the form in which it is taken.
struct PublishRequest {
  /// How many events one request may hold: they are stored all together or not at all.
  static let largestBatch = 1_000
  /// The media types of YAML (RFC 9512) and what was written before it.
  private static let yaml: Set<String> = ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"]

  private(set) var publications: [Publication] = []
  /// Whether the body was a list, so that the answer is one.
  private(set) var isBatch = false

  /// Reads the body as its headers say.
  ///
  /// - Throws: `.unsupportedType` where they name a type that is not read; `.invalid` where the body is not of that type,
  ///   or an event in it is none, with the field, and in a batch its index; `.tooLarge` for a batch of too many.
  init(_ body: [UInt8], contentType: String?, headers: [(name: String, value: String)]) throws(Problem) {
    let attributes = headers.compactMap(Self.attribute)
    if attributes.contains(where: { $0.name == "cloudEvents_specversion" }) {
      publications = [try CloudEventReader.binary(body, contentType: contentType, attributes)]
      return
    }
    let mediaType = contentType.map(Envelope.bareMediaType) ?? ""
    switch mediaType {
    case "", "application/json", "text/json": try read(body, as: LocalEventReader.publication, mayBeBatch: true)
    case _ where Self.yaml.contains(mediaType):
      try read(try Self.json(ofYAML: body), as: LocalEventReader.publication, mayBeBatch: true)
    case "application/cloudevents+json": try read(body, as: CloudEventReader.structured, mayBeBatch: false)
    case "application/cloudevents-batch+json":
      try read(body, as: CloudEventReader.structured, mayBeBatch: true)
      guard isBatch else { throw Problem(.invalid, "the body is declared a batch of CloudEvents and is no list") }
    default:
      throw Problem(
        .unsupportedType,
        "a body of the type '\(mediaType.prefix(80))' is not read; send JSON (Content-Type: application/json), YAML "
          + "(application/yaml), or CloudEvents (application/cloudevents+json, application/cloudevents-batch+json, or ce- "
          + "headers)", field: "Content-Type", value: String(mediaType.prefix(80)))
    }
  }

  private mutating func read(
    _ body: [UInt8], as reading: (JSONValue, EventPlace) throws(Problem) -> Publication, mayBeBatch: Bool
  ) throws(Problem) {
    let document = JSONDocument()
    do {
      try document.parse(body)
    } catch {
      throw Problem(.invalid, "the body is not JSON: \(error)")
    }
    guard document.root.kind == .array, mayBeBatch else {
      publications = [try reading(document.root, EventPlace())]
      return
    }
    isBatch = true
    guard document.root.count > 0 else { throw Problem(.invalid, "the list holds no event; send at least one") }
    guard document.root.count <= Self.largestBatch else {
      throw Problem(
        .tooLarge, "the list holds \(document.root.count) events; send at most \(Self.largestBatch) at a time")
    }
    publications.reserveCapacity(document.root.count)
    for (index, element) in document.root.elements.enumerated() {
      publications.append(try reading(element, EventPlace(index: index)))
    }
  }

  private static func json(ofYAML body: [UInt8]) throws(Problem) -> [UInt8] {
    do {
      return try YAMLText.json(body)
    } catch {
      throw Problem(
        .invalid,
        "the body is not YAML as it is read here: line \(error.position.line), column \(error.position.column): "
          + error.message)
    }
  }

  /// CloudEvents HTTP protocol binding 1.0.2, section 3.1.3: `ce-` headers, their values percent-encoded.
  private static func attribute(_ header: (name: String, value: String)) -> Envelope.Header? {
    guard header.name.lowercased().hasPrefix("ce-") else { return nil }
    return Envelope.Header(
      name: "cloudEvents_\(header.name.dropFirst(3).lowercased())", value: .text(header.value.percentDecoded))
  }
}

extension Publication {
  /// Reads one event from a text, as a request whose body it is.
  package init(parsing body: [UInt8]) throws(Problem) {
    let document = JSONDocument()
    let isCloudEvent = (try? document.parse(body)) != nil && document.root.member(named: "specversion") != nil
    let type = isCloudEvent ? "application/cloudevents+json" : "application/json"
    let request = try PublishRequest(body, contentType: type, headers: [])
    guard !request.isBatch, let publication = request.publications.first else {
      throw Problem(.invalid, "it is a list of events; name one of them")
    }
    self = publication
  }
}

/// Where in a request an event stands, for sentences.
struct EventPlace {
  var index: Int?

  /// A member of the event, as a problem names it.
  func field(_ name: String) -> String { index.map { name.isEmpty ? "[\($0)]" : "[\($0)].\(name)" } ?? name }

  func problem(_ field: String, _ sentence: String, value: String? = nil) -> Problem {
    let place = index.map { "event [\($0)] of the list: " } ?? ""
    return Problem(.invalid, place + sentence, field: self.field(field), value: value)
  }
}

extension String {
  /// Undoes percent-encoding; a `%` that two hexadecimal digits do not follow stays, and bytes that are no UTF-8 are
  /// replaced.
  fileprivate var percentDecoded: String {
    guard utf8.contains(UInt8(ascii: "%")) else { return self }
    var bytes: [UInt8] = []
    var rest = utf8[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      let values = digits.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
      if byte == UInt8(ascii: "%"), values.count == 2 {
        bytes.append(UInt8(values[0] << 4 | values[1]))
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
