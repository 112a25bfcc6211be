// SPDX-License-Identifier: Apache-2.0

import Events

@testable import WebAPI

/// The API's description, and the part of JSON Schema that it uses.
struct APIDescription {
  private let document = JSONDocument()
  var root: JSONValue { document.root }

  init() throws {
    try document.parse(PackageResources.openapi_json)
  }

  /// What stands at a path of keys, references followed.
  func at(_ keys: String...) -> JSONValue? {
    keys.reduce(Optional(root)) { value, key in
      value.flatMap(resolved).flatMap { $0.member(Array(key.utf8)) }
    }.flatMap(resolved)
  }

  /// What a value stands for, where it is a reference.
  func resolved(_ value: JSONValue) -> JSONValue? {
    guard value.kind == .object, let reference = value.text(of: "$ref") else { return value }
    return reference.split(separator: "/").dropFirst().reduce(Optional(root)) { $0?.member(Array($1.utf8)) }
  }

  /// Every place where a value departs from a schema, with what is wrong there.
  func faults(in value: JSONValue, _ schema: JSONValue, at place: String = "$") -> [String] {
    guard let schema = resolved(schema) else { return ["\(place): the schema is nowhere"] }
    var faults: [String] = []
    if let types = schema.member(named: "type") {
      let names = types.kind == .array ? types.elements.map(\.text) : [types.text]
      if !names.contains(where: { Self.is(value, $0) }) { faults.append("\(place) is no \(names)") }
    }
    if let constant = schema.member(named: "const"), constant.json != value.json {
      faults.append("\(place) is not \(constant.json)")
    }
    if let choices = schema.member(named: "enum"), !choices.elements.contains(where: { $0.json == value.json }) {
      faults.append("\(place) is none of \(choices.json)")
    }
    let alternatives = schema.list(of: "anyOf")
    if !alternatives.isEmpty, !alternatives.contains(where: { self.faults(in: value, $0, at: place).isEmpty }) {
      faults.append("\(place) is none of the alternatives")
    }
    for part in schema.list(of: "allOf") { faults += self.faults(in: value, part, at: place) }
    if value.kind == .array {
      if let items = schema.member(named: "items") {
        for element in value.elements { faults += self.faults(in: element, items, at: place + "[]") }
      }
      if let least = schema.integer(of: "minItems"), value.count < least { faults.append("\(place) is too short") }
    }
    if value.kind == .object { faults += memberFaults(in: value, schema, at: place) }
    return faults
  }

  private func memberFaults(in value: JSONValue, _ schema: JSONValue, at place: String) -> [String] {
    var faults: [String] = []
    for name in schema.list(of: "required") where value.member(Array(name.text.utf8)) == nil {
      faults.append("\(place).\(name.text) is missing")
    }
    let known = schema.member(named: "properties")
    let others = schema.member(named: "additionalProperties")
    for (key, member) in value.members {
      let inside = "\(place).\(key)"
      if let property = known?.member(Array(key.utf8)) {
        faults += self.faults(in: member, property, at: inside)
      } else if let others {
        if others.kind == .false { faults.append("\(inside) is unknown") }
        if others.kind == .object { faults += self.faults(in: member, others, at: inside) }
      }
    }
    return faults
  }

  private static func `is`(_ value: JSONValue, _ type: String) -> Bool {
    switch value.kind {
    case .null: type == "null"
    case .false, .true: type == "boolean"
    case .number: type == "number" || type == "integer" && value.integer != nil
    case .string: type == "string"
    case .array: type == "array"
    case .object: type == "object"
    }
  }
}
