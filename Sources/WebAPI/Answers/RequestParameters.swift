// SPDX-License-Identifier: Apache-2.0

import Events

/// The parameters of a request's query, in their order.
package struct RequestParameters: Sendable, Equatable {
  package struct Item: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package private(set) var items: [Item]

  package init(_ items: [Item] = []) {
    self.items = items
  }

  package mutating func append(_ name: String, _ value: String?) {
    if let value { items.append(Item(name, value)) }
  }

  /// The same with one parameter said anew.
  func replacing(_ name: String, _ value: String) -> RequestParameters {
    RequestParameters(items.filter { $0.name != name } + [Item(name, value)])
  }

  /// As it stands behind the `?` of a target: all but RFC 3986's unreserved characters percent-encoded.
  package var encoded: String {
    items.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }.joined(separator: "&")
  }
}

// Every reader throws a problem that names the parameter, what it says and what is expected.
extension RequestParameters {
  /// Refuses parameters that are none of these: a misspelt one would be ignored, and more shown than was asked for.
  func check(known names: [String]) throws(Problem) {
    for item in items where !names.contains(item.name) {
      throw Problem(
        .invalid, "there is no parameter '\(item.name)' here; there are \(names.joined(separator: ", "))",
        field: item.name, value: item.value)
    }
  }

  func all(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }

  /// Nil where it is not given.
  func text(_ name: String) throws(Problem) -> String? {
    let values = all(name)
    guard values.count <= 1 else {
      throw Problem(.invalid, "\(name) is given \(values.count) times; give it once", field: name, value: values[1])
    }
    guard let value = values.first else { return nil }
    guard !value.isEmpty else {
      throw Problem(.invalid, "\(name) is empty; leave it out to see everything", field: name, value: "")
    }
    return value
  }

  func number(_ name: String, in range: ClosedRange<Int64> = 0...Int64.max) throws(Problem) -> Int64? {
    guard let text = try text(name) else { return nil }
    guard let number = Int64(text), range.contains(number) else {
      let bounds = range.upperBound == .max ? "from \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
      throw Problem.invalid(name, text, expected: "a whole number, \(bounds)")
    }
    return number
  }

  func instant(_ name: String) throws(Problem) -> Int64? {
    guard let text = try text(name) else { return nil }
    return try Self.instant(name, text)
  }

  static func instant(_ name: String, _ text: String) throws(Problem) -> Int64 {
    guard let instant = Event.nanoseconds(ofInstant: text) else {
      throw Problem.invalid(name, text, expected: "an instant as ISO 8601, such as 2026-11-27T12:00:00Z")
    }
    return instant
  }

  func flag(_ name: String) throws(Problem) -> Bool {
    switch try text(name) {
    case nil, "false": false
    case "true": true
    case .some(let other): throw Problem.invalid(name, other, expected: "true or false")
    }
  }

  /// A value of an enumeration, by its name.
  func choice<Choice>(_ name: String) throws(Problem) -> Choice?
  where Choice: RawRepresentable<String> & CaseIterable {
    guard let text = try text(name) else { return nil }
    return try Self.choice(name, text)
  }

  static func choice<Choice>(_ name: String, _ text: String) throws(Problem) -> Choice
  where Choice: RawRepresentable<String> & CaseIterable {
    guard let choice = Choice(rawValue: text) else {
      throw Problem.invalid(name, text, expected: Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return choice
  }
}

extension String {
  /// All but the unreserved characters of RFC 3986 percent-encoded.
  package var percentEncoded: String {
    var encoded = ""
    for byte in utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return encoded
  }
}
