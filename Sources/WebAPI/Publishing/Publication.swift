// SPDX-License-Identifier: Apache-2.0

package import Events

/// An event that somebody hands to the daemon: what an envelope and a body are for other sources.
package struct Publication: Sendable, Equatable {
  /// The local form (`Envelope.localContentType`), checked; or a CloudEvent's.
  package var body: [UInt8]
  package var contentType: String?
  /// The attributes of a CloudEvent in binary mode.
  package var headers: [Envelope.Header] = []
  /// Whether it has an id of its own, by which it is known again; else it is given one.
  package var isNamed: Bool

  package init(body: [UInt8], contentType: String?, headers: [Envelope.Header] = [], isNamed: Bool) {
    self.body = body
    self.contentType = contentType
    self.headers = headers
    self.isNamed = isNamed
  }
}

/// What became of a publication, once that is durable.
package struct PublishedEvent: Sendable, Equatable {
  package enum Result: String, Sendable {
    case matched, unmatched
    /// The source ignores its type: it is not stored.
    case ignored
  }

  /// Its number, of a duplicate that of the first; nil = it is not stored.
  package var number: Int64?
  package var id: String
  package var type: String
  /// The publisher's time, or that of receipt.
  package var time: String
  package var result: Result
  /// Whether an event with this id and body was there before: nothing has happened again.
  package var isDuplicate: Bool

  package init(number: Int64?, id: String, type: String, time: String, result: Result, isDuplicate: Bool = false) {
    self.number = number
    self.id = id
    self.type = type
    self.time = time
    self.result = result
    self.isDuplicate = isDuplicate
  }
}

/// Why nothing of what was to be published was taken.
package enum PublishRefusal: Error, Sendable, Equatable {
  /// An event that is none, with its place in the batch.
  case invalid(Int, String)
  case tooLarge(Int, String)
  /// There is no source for it.
  case off(String)
  /// There is no room at present; later there is.
  case busy(String)
  /// Nothing can be recorded at present.
  case unavailable(String)
}

extension PublishedEvent {
  var json: JSONTree {
    .object([
      ("event", .optional(number, JSONTree.integer)), ("id", .text(id)), ("type", .text(type)),
      ("timestamp", .text(time)), ("result", .text(result.rawValue)), ("duplicate", .boolean(isDuplicate)),
    ])
  }
}
