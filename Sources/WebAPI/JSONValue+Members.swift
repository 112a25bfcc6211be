// SPDX-License-Identifier: Apache-2.0

package import Events

/// How answers and requests are read.
extension JSONValue {
  /// The member with this key; nil where there is none, or null.
  package func member(named key: String) -> JSONValue? {
    guard let value = member(Array(key.utf8)), value.kind != .null else { return nil }
    return value
  }

  /// The string with this key; nil where there is none.
  package func text(of key: String) -> String? {
    guard let value = member(named: key), value.kind == .string else { return nil }
    return value.text
  }

  /// The integer with this key; nil where there is none that 64 bits hold.
  package func integer(of key: String) -> Int64? { member(named: key)?.integer }

  /// The boolean with this key; false where there is none.
  package func flag(_ key: String) -> Bool { member(named: key)?.kind == .true }

  /// The elements of the list with this key; none where there is no list.
  package func list(of key: String) -> [JSONValue] { member(named: key)?.elements ?? [] }

  /// What was written by `JSONTree.bytes`; nil where there is nothing of the kind.
  package func bytes(of key: String) -> [UInt8]? { member(named: key)?.bytes }

  package var integer: Int64? { kind == .number ? Int64(text) : nil }

  package var bytes: [UInt8]? {
    switch kind {
    case .string: withText { Array($0) }
    case .object: text(of: "base64").flatMap { Base64.decode($0.utf8) }
    case .null, .true, .false, .number, .array: nil
    }
  }

  package var elements: [JSONValue] {
    var elements: [JSONValue] = []
    elements.reserveCapacity(count)
    forEachElement { element in
      elements.append(element)
      return true
    }
    return elements
  }

  /// The members of an object in their order.
  package var members: [(key: String, value: JSONValue)] {
    var members: [(key: String, value: JSONValue)] = []
    forEachMember { key, value in
      members.append((String(decoding: key, as: UTF8.self), value))
      return true
    }
    return members
  }

  /// The value as compact JSON.
  package var json: String {
    var output: [UInt8] = []
    appendJSON(to: &output, unwrapping: false)
    return String(decoding: output, as: UTF8.self)
  }
}
