// SPDX-License-Identifier: Apache-2.0

@testable import Events

/// The part of JSON Schema that the project's schemas use.
struct JSONSchema {
  let document = JSONDocument()

  init(_ text: [UInt8]) throws {
    try document.parse(text)
  }

  /// Every place where a value departs from the schema, with what is wrong there.
  func faults(in value: JSONValue) -> [String] { faults(in: value, document.root, at: "$") }

  private func faults(in value: JSONValue, _ schema: JSONValue, at place: String) -> [String] {
    var faults: [String] = []
    if let types = schema.member(Array("type".utf8)), !Self.texts(types).contains(Self.type(value)) {
      faults.append("\(place) is \(Self.type(value))")
    }
    if let pattern = schema.member(Array("pattern".utf8)), let regex = try? Regex(pattern.text),
      value.text.wholeMatch(of: regex) == nil
    {
      faults.append("\(place) does not match")
    }
    for name in schema.member(Array("required".utf8)).map(Self.texts) ?? [] where value.member(Array(name.utf8)) == nil
    {
      faults.append("\(place).\(name) is missing")
    }
    if let items = schema.member(Array("items".utf8)) {
      value.forEachElement { element in
        faults += self.faults(in: element, items, at: place + "[]")
        return true
      }
    }
    let known = schema.member(Array("properties".utf8))
    value.forEachMember { key, member in
      let inside = "\(place).\(String(decoding: key, as: UTF8.self))"
      if let property = known?.member(Array(key)) {
        faults += self.faults(in: member, property, at: inside)
      } else if let others = schema.member(Array("additionalProperties".utf8)) {
        if others.kind == .false { faults.append("\(inside) is unknown") }
        faults += self.faults(in: member, others, at: inside)
      }
      return true
    }
    return faults
  }

  private static func texts(_ value: JSONValue) -> [String] {
    guard value.kind == .array else { return [value.text] }
    return (0..<value.count).compactMap { value.element($0)?.text }
  }

  private static func type(_ value: JSONValue) -> String {
    switch value.kind {
    case .null: "null"
    case .false, .true: "boolean"
    case .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}
