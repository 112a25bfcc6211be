// SPDX-License-Identifier: Apache-2.0

/// A JSON text, parsed whole and validated to its end, in memory that is reused from one text to the next.
///
/// Values taken from a document are views: they are valid until it parses again.
package final class JSONDocument {
  package init() {}

  /// Parses a text: one value, at most 512 deep, valid UTF-8, nothing behind it.
  package func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) {
    fatalError("stub")
  }

  /// The value of the whole text. Null before the first parse.
  package var root: JSONValue { fatalError("stub") }
}

/// Why a text is not JSON.
package struct JSONError: Error, Equatable {
  /// What is wrong, as a clause that names what was found.
  package var reason: String
  /// The offset of the offending byte, where it is known.
  package var offset: Int?
}
