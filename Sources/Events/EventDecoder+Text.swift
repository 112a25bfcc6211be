// SPDX-License-Identifier: Apache-2.0

extension EventDecoder {
  /// Decodes `format = text`: the payload is the body as one JSON string.
  func decodeText(_ envelope: Envelope) throws(DecodingFailure) -> Event {
    try parseBodyAsText()
    return event(.text, envelope, payload: outer.root)
  }

  /// Decodes `format = tags`: the payload is `{"tags": {…}, "labels": […], "text": "…"}`.
  func decodeTags(_ envelope: Envelope) throws(DecodingFailure) -> Event {
    // The text by itself first: what is wrong with it is not to be blamed on a tag.
    try parseBodyAsText()
    try withBody { bytes throws(DecodingFailure) in
      var json: [UInt8] = []
      TagText(bytes).appendJSON(to: &json)
      if let error = outer.error(parsing: json) {
        throw DecodingFailure("The body's tags cannot be taken: percent-decoded, \(error.reason).")
      }
    }
    return event(.tags, envelope, payload: outer.root)
  }

  /// Parses the body as the JSON string that holds it.
  func parseBodyAsText() throws(DecodingFailure) {
    try withBody { bytes throws(DecodingFailure) in
      var json: [UInt8] = []
      json.reserveCapacity(bytes.count + 16)
      json.appendJSON(text: bytes)
      if let error = outer.error(parsing: json) { throw DecodingFailure("The body is no text: \(error.reason).") }
    }
  }
}
