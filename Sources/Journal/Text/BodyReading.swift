// SPDX-License-Identifier: Apache-2.0

/// A body as it is kept, with what is needed to read it.
package struct StoredBody {
  package var source: String
  package var envelope: [UInt8]
  package var body: [UInt8]
  /// Nanoseconds since 1970.
  package var received: Int64
}

/// Reads bodies, whose formats the journal does not know; used by one thread.
package protocol BodyReading: AnyObject {
  /// Hands over the texts of a body in UTF-8, keys and values, until false is returned.
  func forEachText(of body: StoredBody, _ use: (UnsafeBufferPointer<UInt8>) -> Bool)
  /// The number at a path; nil where there is none, or none that a double holds.
  func number(at path: String, of body: StoredBody) -> Double?
}

/// Makes a reader for one question, so that it reads as the configuration says at that moment.
package typealias BodyReaders = @Sendable () -> any BodyReading

/// Takes bodies for plain text, without any number: for a reader of which nothing else is asked.
package final class PlainBodies: BodyReading {
  package init() {}

  package func forEachText(of body: StoredBody, _ use: (UnsafeBufferPointer<UInt8>) -> Bool) {
    body.body.withUnsafeBufferPointer { _ = use($0) }
  }

  package func number(at path: String, of body: StoredBody) -> Double? { nil }
}
