// SPDX-License-Identifier: Apache-2.0

import Journal

/// A good answer: JSON, with the pages around it where it is one of a list, or another text.
package struct Reply {
  /// The text, as its type says.
  package var body: [UInt8]
  var contentType: String
  /// Of HTTP; a success, or where to look instead.
  var status = 200
  /// Besides those that every answer has.
  var headers: [(name: String, value: String)] = []
  /// The path and query of the list's next part; nil where there is none.
  var next: String?
  /// What follows the headers instead of a text, for as long as it lives.
  var stream: EventStream?

  init(_ json: JSONTree, next: String? = nil) {
    body = json.encoded
    contentType = "application/json"
    self.next = next
    if let next { headers.append(Self.link([("next", next)])) }
  }

  init(_ json: JSONTree, page: ListPage, total: BoundedCount) {
    self.init(json)
    next = page.links.first { $0.relation == "next" }?.target
    headers = [Self.link(page.links), ("X-Total-Count", total.description)]
  }

  init(_ text: [UInt8], contentType: String) {
    body = text
    self.contentType = contentType
  }

  /// Nothing between the daemon and the client may keep or gather what it says.
  init(_ stream: EventStream) {
    body = []
    contentType = "text/event-stream"
    headers = [("Cache-Control", "no-store"), ("X-Accel-Buffering", "no")]
    self.stream = stream
  }

  private static func link(_ links: [(relation: String, target: String)]) -> (String, String) {
    ("Link", links.map { "<\($0.target)>; rel=\"\($0.relation)\"" }.joined(separator: ", "))
  }
}
