// SPDX-License-Identifier: Apache-2.0

import CSimdJSON

/// What a document points at while it shows one text: the nodes of its values, and the bytes of their texts.
///
/// Holds no reference, so that searching counts none: a step through a notification takes less time than counting
/// would. Therefore never kept: it is taken from a document that the caller holds, and dropped before anything else
/// can run that might parse. Every index is checked.
struct JSONTape {
  var nodes: UnsafePointer<json_tape_node>?
  var count: UInt32 = 0
  var text: UnsafePointer<UInt8>?

  /// The node at an index; nil where the text has none.
  @inline(__always)
  func node(_ index: UInt32) -> UnsafePointer<json_tape_node>? {
    guard index < count, let nodes else { return nil }
    return nodes + Int(index)
  }

  @inline(__always)
  func key(of node: UnsafePointer<json_tape_node>) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: text.map { $0 + Int(node.pointee.key_offset) }, count: Int(node.pointee.key_length))
  }

  @inline(__always)
  func text(of node: UnsafePointer<json_tape_node>) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: text.map { $0 + Int(node.pointee.text_offset) }, count: Int(node.pointee.length))
  }

  /// The kind of the value at an index; null where the text has none.
  @inline(__always)
  func kind(_ index: UInt32) -> JSONValue.Kind {
    node(index).flatMap { JSONValue.Kind(rawValue: UInt8(truncatingIfNeeded: $0.pointee.kind)) } ?? .null
  }

  /// Visits the direct children of an array or object until `body` returns false.
  @inline(__always)
  func forEachChild(of parent: UInt32, _ body: (UInt32, UnsafePointer<json_tape_node>) -> Bool) {
    guard let nodes, let container = node(parent), container.pointee.kind >= JSON_TAPE_ARRAY.rawValue else { return }
    // No node behind the last one, whatever a node says.
    let end = min(container.pointee.next, count)
    var index = parent + 1
    while index < end {
      let node = nodes + Int(index)
      guard body(index, node), node.pointee.next > index else { return }
      index = node.pointee.next
    }
  }

  /// The last member with a key: as in Python, the last of several wins; nil for other kinds than objects.
  @inline(__always)
  func lastMember(of object: UInt32, named wanted: UnsafeBufferPointer<UInt8>) -> UInt32? {
    guard kind(object) == .object else { return nil }
    let length = UInt32(clamping: wanted.count)
    var found: UInt32?
    forEachChild(of: object) { index, node in
      if node.pointee.key_length == length, key(of: node).equals(wanted) { found = index }
      return true
    }
    return found
  }

  func element(_ place: Int, of array: UInt32) -> UInt32? {
    guard kind(array) == .array, place >= 0, place < Int(node(array)?.pointee.length ?? 0) else { return nil }
    var remaining = place
    var found: UInt32?
    forEachChild(of: array) { index, _ in
      found = index
      remaining -= 1
      return remaining >= 0
    }
    return found
  }

  /// Whether a member with this key, at any depth, holds a string that is not blanked.
  func holdsReadable(_ key: StaticString) -> Bool {
    var index: UInt32 = 0
    while let node = node(index) {
      index += 1
      guard Int(node.pointee.key_length) == key.utf8CodeUnitCount, self.key(of: node).equals(key) else { continue }
      for inside in index - 1..<max(node.pointee.next, index) {
        guard let node = self.node(inside), node.pointee.kind == JSON_TAPE_STRING.rawValue else { continue }
        if !text(of: node).allSatisfy({ $0 == UInt8(ascii: "*") }) { return true }
      }
      index = max(node.pointee.next, index)
    }
    return false
  }
}

// MARK: Versioned objects

extension JSONTape {
  /// The data of the versioned object at an index, through every layer; the index itself where there is none.
  @inline(__always)
  func unwrapped(_ index: UInt32) -> UInt32 {
    var index = index
    while let data = versionedData(of: index) { index = data }
    return index
  }

  /// The data of a versioned object: `P_object.data` beside `P_object.name` or `P_object.version`.
  func versionedData(of object: UInt32) -> UInt32? {
    guard kind(object) == .object else { return nil }
    var data: UInt32?
    // Looking for the companions costs a pass each: an object with thousands of such keys is none that a service made.
    var looks = 8
    forEachChild(of: object) { _, node in
      guard node.pointee.key_length > 12 else { return true }
      let key = key(of: node)
      guard key.ends(with: "_object.data") else { return true }
      looks -= 1
      if isAccompanied(key.prefix(key.count - 12).rebased, in: object) {
        data = lastMember(of: object, named: key)
      }
      return data == nil && looks > 0
    }
    return data
  }

  private func isAccompanied(_ namespace: UnsafeBufferPointer<UInt8>, in object: UInt32) -> Bool {
    var found = false
    forEachChild(of: object) { _, node in
      let key = key(of: node)
      guard key.count > namespace.count, key.prefix(namespace.count).rebased.equals(namespace) else { return true }
      let rest = key.dropFirst(namespace.count).rebased
      found = rest.equals("_object.name") || rest.equals("_object.version")
      return !found
    }
    return found
  }
}
