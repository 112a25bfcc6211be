// SPDX-License-Identifier: Apache-2.0

import CSimdJSON

/// A value inside a `JSONDocument`: a view, valid until the document parses again.
package struct JSONValue {
  package enum Kind: UInt8, Sendable {
    case null, `false`, `true`, number, string, array, object
  }

  let document: JSONDocument
  let index: UInt32
  /// Whether versioned objects show as they were sent, here and below: what `@raw` finds.
  var isRaw = false

  init(document: JSONDocument, index: UInt32) {
    self.document = document
    self.index = index
  }

  package var kind: Kind { document.tape.kind(index) }

  /// The number of elements of an array or members of an object, else 0.
  ///
  /// Duplicate keys count each time.
  package var count: Int {
    guard let node = container else { return 0 }
    return Int(node.length)
  }

  /// Hands over the UTF-8 of a string, the text of a number as it stood, or `true`, `false`, `null`;
  /// nothing for arrays and objects.
  package func withText<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
    let tape = document.tape
    guard let node = tape.node(index), node.pointee.kind < JSON_TAPE_ARRAY.rawValue else {
      return try body(UnsafeBufferPointer(start: nil, count: 0))
    }
    return try withExtendedLifetime(document) { try body(tape.text(of: node)) }
  }

  /// The text of a string, number, boolean or null, copied.
  package var text: String { withText { String(decoding: $0, as: UTF8.self) } }

  /// The member with this key; the last one, where a key is there twice.
  ///
  /// Nil for other kinds.
  package func member(_ key: [UInt8]) -> JSONValue? { key.withUnsafeBufferPointer(member(_:)) }

  /// The element at an index; nil past the end and for other kinds.
  package func element(_ index: Int) -> JSONValue? {
    document.tape.element(index, of: self.index).map(child(_:))
  }

  /// Calls `body` for each element of an array, in order, until it returns false.
  ///
  /// The document must not parse while this runs.
  package func forEachElement(_ body: (JSONValue) throws -> Bool) rethrows {
    guard kind == .array else { return }
    try forEachChild { index, _ in try body(child(index)) }
  }

  /// Calls `body` for each member of an object, in order, until it returns false.
  ///
  /// A key that is there twice comes twice. The document must not parse while this runs.
  package func forEachMember(_ body: (_ key: UnsafeBufferPointer<UInt8>, JSONValue) throws -> Bool) rethrows {
    guard kind == .object else { return }
    try forEachChild { index, node in try body(document.key(of: node), child(index)) }
  }
}

extension JSONValue {
  func member(_ key: UnsafeBufferPointer<UInt8>) -> JSONValue? {
    document.tape.lastMember(of: index, named: key).map(child(_:))
  }

  func member(_ key: StaticString) -> JSONValue? {
    member(UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
  }

  /// How many values the value is made of, itself included.
  var nodeCount: Int {
    guard let node = document.node(index), node.next > index else { return 1 }
    return Int(node.next - index)
  }

  /// Whether a member of the value, at any depth, has a key that is wanted.
  ///
  /// Elements of lists have the empty key here.
  func holdsKey(where isWanted: (UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
    guard let container else { return false }
    for inside in index + 1..<max(container.next, index + 1) {
      guard let node = document.node(inside) else { return false }
      if isWanted(document.key(of: node)) { return true }
    }
    return false
  }

  /// A view of a child that inherits how it is shown.
  func child(_ index: UInt32) -> JSONValue {
    var value = JSONValue(document: document, index: index)
    value.isRaw = isRaw
    return value
  }

  /// Visits the nodes of the direct children.
  ///
  /// Every step checks its index: a document that parsed again ends it.
  @inline(__always)
  func forEachChild(_ body: (UInt32, json_tape_node) throws -> Bool) rethrows {
    guard let container else { return }
    var index = self.index + 1
    while index < container.next, let node = document.node(index) {
      guard try body(index, node), node.next > index else { return }
      index = node.next
    }
  }

  /// The node of an array or object; nil for scalars.
  @inline(__always)
  private var container: json_tape_node? {
    guard let node = document.node(index), node.kind >= JSON_TAPE_ARRAY.rawValue else { return nil }
    return node
  }
}
