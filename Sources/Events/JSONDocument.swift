// SPDX-License-Identifier: Apache-2.0

import CSimdJSON

/// A JSON text, parsed whole and validated to its end, in memory that is reused from one text to the next.
///
/// Values taken from a document are views: they are valid until it parses again. A view used after that is safe, but
/// shows some value of the new text, or null. Owned by one thread.
package final class JSONDocument {
  /// The nesting that a text may have.
  package static let depthLimit = Int(JSON_TAPE_DEPTH)

  private let parser: OpaquePointer?
  /// The present text; empty before the first parse and after one that failed.
  private(set) var tape = JSONTape()

  package init() {
    parser = json_tape_create()
  }

  deinit {
    if let parser { json_tape_destroy(parser) }
  }

  /// Parses a text: one value, at most 512 deep, valid UTF-8, nothing behind it.
  ///
  /// Stricter than RFC 8259 asks where a value could not be handed on: half of a surrogate pair is refused. NaN and
  /// Infinity are. A byte order mark in front is skipped. Numbers of any size are kept by their text. Nothing is
  /// allocated once the memory has grown; memory beyond about 1 MiB is given back when a smaller text follows.
  package func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) {
    forget()
    guard let parser else { throw JSONError(JSON_TAPE_NO_MEMORY, nil, in: bytes) }
    let result = json_tape_parse(parser, bytes.baseAddress, bytes.count)
    guard result.error == JSON_TAPE_OK.rawValue else {
      throw JSONError(json_tape_error(result.error), result.offset >= 0 ? Int(result.offset) : nil, in: bytes)
    }
    tape = JSONTape(nodes: result.nodes, count: result.node_count, text: result.text)
  }

  /// The value of the whole text; null before the first parse and after one that failed.
  package var root: JSONValue { JSONValue(document: self, index: 0) }

  /// Gives back the memory that a large text took, and forgets that text.
  ///
  /// - Returns: Whether there was such memory.
  @discardableResult
  package func trim() -> Bool {
    guard let parser, json_tape_trim(parser) else { return false }
    forget()
    return true
  }

  /// Forgets the text; every view becomes null.
  func forget() {
    tape = JSONTape()
  }
}

extension JSONDocument {
  /// The node at an index; nil where the present text has none.
  @inline(__always)
  func node(_ index: UInt32) -> json_tape_node? { tape.node(index)?.pointee }

  /// The key of a node of the present text.
  @inline(__always)
  func key(of node: json_tape_node) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: tape.text.map { $0 + Int(node.key_offset) }, count: Int(node.key_length))
  }
}
