// SPDX-License-Identifier: Apache-2.0

import Events

/// The JSON object that a request carries; an empty body is an empty object.
///
/// Every reader throws a problem that names the member, what it says and what is expected.
struct RequestBody {
  private let json: JSONValue

  /// Refuses members that are none of these: a misspelt one would be ignored, and something else done than was meant.
  init(_ bytes: [UInt8], known names: [String]) throws(Problem) {
    let document = JSONDocument()
    do {
      try document.parse(bytes.isEmpty ? Array("{}".utf8) : bytes)
    } catch {
      throw Problem(.invalid, "the body is not JSON: \(error)")
    }
    json = document.root
    guard json.kind == .object else { throw Problem(.invalid, "the body is JSON, but not an object") }
    for (key, _) in json.members where !names.contains(key) {
      throw Problem(
        .invalid, "there is no member '\(key)' here; there are \(names.joined(separator: ", "))", field: key)
    }
  }

  private func invalid(_ name: String, _ value: JSONValue, expected: String) -> Problem {
    Problem.invalid(name, value.kind == .string ? value.text : value.json, expected: expected)
  }

  /// Whether a member is there and null.
  func isNull(_ name: String) -> Bool { json.member(Array(name.utf8))?.kind == .null }

  func text(_ name: String) throws(Problem) -> String? {
    guard let value = json.member(named: name) else { return nil }
    guard value.kind == .string, value.withText({ !$0.isEmpty }) else {
      throw invalid(name, value, expected: "a text that is not empty")
    }
    return value.text
  }

  func flag(_ name: String) throws(Problem) -> Bool? {
    guard let value = json.member(named: name) else { return nil }
    switch value.kind {
    case .true: return true
    case .false: return false
    default: throw invalid(name, value, expected: "true or false")
    }
  }

  func instant(_ name: String) throws(Problem) -> Int64? {
    guard let text = try text(name) else { return nil }
    return try RequestParameters.instant(name, text)
  }

  /// Numbers, at least one.
  func numbers(_ name: String) throws(Problem) -> [Int64]? {
    guard let elements = try elements(name) else { return nil }
    var numbers: [Int64] = []
    for element in elements {
      guard let number = element.integer, number >= 0 else {
        throw invalid(name, element, expected: "numbers of events")
      }
      numbers.append(number)
    }
    return numbers
  }

  /// Numbers or texts, as texts, at least one.
  func references(_ name: String) throws(Problem) -> [String]? {
    guard let elements = try elements(name) else { return nil }
    var references: [String] = []
    for element in elements {
      guard element.kind == .string || element.integer != nil else {
        throw invalid(name, element, expected: RunReference.expectation)
      }
      references.append(element.text)
    }
    return references
  }

  private func elements(_ name: String) throws(Problem) -> [JSONValue]? {
    guard let value = json.member(named: name) else { return nil }
    guard value.kind == .array, value.count > 0 else { throw invalid(name, value, expected: "a list of at least one") }
    return value.elements
  }
}
