// SPDX-License-Identifier: Apache-2.0

extension Envelope {
  /// The envelope as one JSON object, to be kept beside the body; what is empty is left out.
  ///
  /// Its source and time of receipt stand elsewhere.
  package var storedJSON: [UInt8] {
    var json: [UInt8] = [UInt8(ascii: "{")]
    func begin(_ key: StaticString) {
      if json.count > 1 { json.append(UInt8(ascii: ",")) }
      json.append(UInt8(ascii: "\""))
      json.append(literal: key)
      json.append(literal: "\":")
    }
    func append(_ key: StaticString, _ text: String?) {
      guard let text, !text.isEmpty else { return }
      begin(key)
      json.appendJSON(text: text.utf8)
    }
    append("queue", queue)
    append("exchange", exchange)
    append("routing_key", routingKey)
    if redelivered {
      begin("redelivered")
      json.append(literal: "true")
    }
    append("message_id", messageID)
    append("content_type", contentType)
    append("content_encoding", contentEncoding)
    if isInflated {
      begin("inflated")
      json.append(literal: "true")
    }
    if !headers.isEmpty {
      begin("headers")
      json.append(UInt8(ascii: "["))
      for (index, header) in headers.enumerated() {
        json.append(literal: index == 0 ? "{\"name\":" : ",{\"name\":")
        json.appendJSON(text: header.name.utf8)
        json.append(literal: ",\"value\":")
        header.value.appendStoredJSON(to: &json)
        json.append(UInt8(ascii: "}"))
      }
      json.append(UInt8(ascii: "]"))
    }
    json.append(UInt8(ascii: "}"))
    return json
  }

  /// Reads what `storedJSON` wrote; what is not there is empty.
  package init(stored json: [UInt8], source: String, received: Int64) {
    self.init(source: source)
    self.received = received
    let document = JSONDocument()
    guard (try? json.withUnsafeBytes({ try document.parse($0) })) != nil else { return }
    let root = document.root
    queue = root.member("queue")?.text ?? ""
    exchange = root.member("exchange")?.text ?? ""
    routingKey = root.member("routing_key")?.text ?? ""
    redelivered = root.member("redelivered")?.kind == .true
    messageID = root.member("message_id")?.text
    contentType = root.member("content_type")?.text
    contentEncoding = root.member("content_encoding")?.text
    isInflated = root.member("inflated")?.kind == .true
    root.member("headers")?.forEachElement { element in
      guard let name = element.member("name")?.text, let value = element.member("value") else { return true }
      headers.append(Header(name: name, value: Header.Value(value)))
      return true
    }
  }
}

extension Envelope.Header.Value {
  /// A number stays one where JSON has it: not NaN, nor infinity.
  fileprivate func appendStoredJSON(to json: inout [UInt8]) {
    if case .number(let text) = self, text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) {
      json += text.utf8
    } else {
      fieldValue.appendJSON(to: &json)
    }
  }

  fileprivate init(_ value: JSONValue) {
    switch value.kind {
    case .string: self = .text(value.text)
    case .number: self = .number(value.text)
    case .true: self = .boolean(true)
    case .false: self = .boolean(false)
    case .null, .array, .object: self = .null
    }
  }
}
