// SPDX-License-Identifier: Apache-2.0

package import Events

/// The envelope as it is stored with an event: JSON.
package enum StoredEnvelope {
  /// The envelope; nil where the bytes are none.
  ///
  /// - Parameter received: Nanoseconds since 1970.
  package static func read(_ bytes: [UInt8], source: String, received: Int64) -> Envelope? {
    let document = JSONDocument()
    do {
      try document.parse(bytes)
    } catch {
      return nil
    }
    let json = document.root
    guard json.kind == .object else { return nil }
    var envelope = Envelope(source: source)
    envelope.received = received
    envelope.queue = json.text(of: "queue") ?? ""
    envelope.exchange = json.text(of: "exchange") ?? ""
    envelope.routingKey = json.text(of: "routing_key") ?? ""
    envelope.redelivered = json.flag("redelivered")
    envelope.messageID = json.text(of: "message_id")
    envelope.contentType = json.text(of: "content_type")
    envelope.contentEncoding = json.text(of: "content_encoding")
    envelope.headers = json.list(of: "headers").compactMap { header in
      guard let name = header.text(of: "name") else { return nil }
      let value: Envelope.Header.Value
      switch header.member(named: "value") {
      case .some(let found) where found.kind == .string: value = .text(found.text)
      case .some(let found) where found.kind == .number: value = .number(found.text)
      case .some(let found) where found.kind == .true || found.kind == .false: value = .boolean(found.kind == .true)
      default: value = .null
      }
      return Envelope.Header(name: name, value: value)
    }
    return envelope
  }
}
