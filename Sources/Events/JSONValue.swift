// SPDX-License-Identifier: Apache-2.0

/// A value inside a `JSONDocument`. A view: valid until the document parses again.
package struct JSONValue {
  package enum Kind: UInt8, Sendable {
    case null, `false`, `true`, number, string, array, object
  }

  package var kind: Kind { fatalError("stub") }

  /// The number of elements of an array or members of an object, else 0. Duplicate keys count each time.
  package var count: Int { fatalError("stub") }

  /// Hands over the UTF-8 of a string, the text of a number as it stood, or `true`, `false`, `null`;
  /// nothing for arrays and objects.
  package func withText<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R { fatalError("stub") }

  /// The text of a string, number, boolean or null, copied.
  package var text: String { fatalError("stub") }

  /// The member with this key; the last one, where a key is there twice. Nil for other kinds.
  package func member(_ key: [UInt8]) -> JSONValue? { fatalError("stub") }

  /// The element at an index; nil past the end and for other kinds.
  package func element(_ index: Int) -> JSONValue? { fatalError("stub") }

  /// Calls `body` for each element of an array, in order, until it returns false.
  package func forEachElement(_ body: (JSONValue) throws -> Bool) rethrows { fatalError("stub") }

  /// Calls `body` for each member of an object, in order, until it returns false.
  package func forEachMember(_ body: (_ key: UnsafeBufferPointer<UInt8>, JSONValue) throws -> Bool) rethrows {
    fatalError("stub")
  }

  /// The object's data where it is a versioned object (`P_object.data` beside `P_object.name` or
  /// `P_object.version`), else the value itself.
  package var unwrapped: JSONValue { fatalError("stub") }

  /// Appends the value as compact JSON in its original order.
  ///
  /// - Parameter unwrapping: Whether versioned objects are replaced by their data, at every level.
  package func appendJSON(to output: inout [UInt8], unwrapping: Bool) { fatalError("stub") }
}
