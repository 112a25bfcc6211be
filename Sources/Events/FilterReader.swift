// SPDX-License-Identifier: Apache-2.0

/// Reads a filter and collects everything that is wrong in it.
struct FilterReader {
  private(set) var problems: [FilterErrors.Problem] = []
  private var depth = 0
  /// More than any configuration needs, and less than the stack holds.
  private static let depthLimit = 64

  mutating func problem(_ message: String, at place: String) {
    problems.append(FilterErrors.Problem(place: place, message: message))
  }

  /// Reads a map of paths and combinations.
  mutating func filter(_ json: JSONValue, at place: String) -> Filter {
    var nodes: [Filter.Node] = []
    guard json.kind == .object else {
      problem(
        "found \(Self.name(of: json)); expected a map from paths to conditions, as {\"purpose\": \"test\"}", at: place)
      return Filter(nodes: [])
    }
    guard json.count > 0 else {
      problem("an empty map asks for nothing; write a condition, or leave it out", at: place)
      return Filter(nodes: [])
    }
    guard enter(place) else { return Filter(nodes: []) }
    defer { depth -= 1 }
    for (key, value) in members(of: json, at: place) {
      if let node = node(key, value, at: place.isEmpty ? key : "\(place).\(key)") { nodes.append(node) }
    }
    return Filter(nodes: nodes)
  }

  private mutating func node(_ key: String, _ value: JSONValue, at place: String) -> Filter.Node? {
    switch key {
    case "@all": return .all(filters(value, at: place))
    case "@any": return .any(filters(value, at: place))
    case "@not":
      guard value.kind == .object else {
        problem(
          "found \(Self.name(of: value)); expected one filter, as {\"@not\": {\"purpose\": \"test\"}}, "
            + "or \"@any\" within it for several", at: place)
        return nil
      }
      return .not([filter(value, at: place)])
    default: return condition(key, value, at: place)
    }
  }

  /// Reads the list behind `@all` and `@any`.
  private mutating func filters(_ json: JSONValue, at place: String) -> [Filter] {
    guard json.kind == .array, json.count > 0 else {
      problem(
        "found \(Self.name(of: json)); expected a list of filters, as [{\"purpose\": \"test\"}, {\"status\": \"active\"}]",
        at: place)
      return []
    }
    var filters: [Filter] = []
    for (index, entry) in elements(of: json).enumerated() { filters.append(filter(entry, at: "\(place)[\(index)]")) }
    return filters
  }

  private mutating func condition(_ key: String, _ value: JSONValue, at place: String) -> Filter.Node? {
    let path: FieldPath
    do throws(FieldPathError) {
      path = try FieldPath(key)
    } catch {
      let near = key.hasPrefix("@") ? nearest(to: key, among: ["@any", "@all", "@not"]) : nil
      problem(
        "\"\(key)\" is not a path: \(error.reason)" + (near.map { "; did you mean \"\($0)\"?" } ?? ""), at: place)
      return nil
    }
    var parts: [(text: String, test: ValueTest)] = []
    if value.kind == .object, value.count > 0 {
      // Each operator is told apart, so that `explain` shows which of them failed.
      for (name, operand) in members(of: value, at: place) {
        guard let test = test(name, operand, below: key, at: "\(place).\(name)") else { continue }
        parts.append(("\(key) \(name) \(Self.json(operand))", test))
      }
    } else if let test = test(value, below: key, at: place) {
      parts = [("\(key): \(Self.json(value))", test)]
    }
    return .value(PathCondition(path: path, parts: parts))
  }

  // MARK: Values

  /// Reads what may stand behind a path: a regex, a value, a list of them, or operators.
  mutating func test(_ json: JSONValue, below path: String, at place: String) -> ValueTest? {
    guard enter(place) else { return nil }
    defer { depth -= 1 }
    switch json.kind {
    case .string: return regex(json, .start, at: place)
    case .null, .false, .true, .number: return Literal(json).map { .equal(.literal($0)) }
    case .array: return tests(json, below: path, at: place).map { .any($0) }
    case .object:
      guard json.count > 0 else {
        problem("an empty map asks for nothing; write an operator, as {\"eq\": \"test\"}", at: place)
        return nil
      }
      let tests = members(of: json, at: place).compactMap { name, operand in
        test(name, operand, below: path, at: "\(place).\(name)")
      }
      return .all(tests)
    }
  }

  /// Reads a list of which each entry may be what stands behind a path.
  mutating func tests(_ json: JSONValue, below path: String, at place: String) -> [ValueTest]? {
    guard json.kind == .array, json.count > 0 else {
      problem("found \(Self.name(of: json)); expected a list with an entry at least", at: place)
      return nil
    }
    return elements(of: json).enumerated().compactMap { index, entry in
      test(entry, below: path, at: "\(place)[\(index)]")
    }
  }

  mutating func regex(_ json: JSONValue, _ anchoring: PythonRegex.Anchoring, at place: String) -> ValueTest? {
    guard let text = text(json, at: place) else { return nil }
    do throws(RegexError) {
      return .regex(try PythonRegex(text, anchoring: anchoring))
    } catch {
      problem("\"\(text)\" is no regex of the dialect: \(error)", at: place)
      return nil
    }
  }

  mutating func text(_ json: JSONValue, at place: String) -> String? {
    guard json.kind == .string else {
      problem("found \(Self.name(of: json)); expected a text in quotes", at: place)
      return nil
    }
    return json.text
  }

  // MARK: JSON

  private mutating func enter(_ place: String) -> Bool {
    if depth == Self.depthLimit {
      problem("more than \(Self.depthLimit) maps and lists inside each other", at: place)
      return false
    }
    depth += 1
    return true
  }

  func elements(of json: JSONValue) -> [JSONValue] {
    var elements: [JSONValue] = []
    json.forEachElement {
      elements.append($0)
      return true
    }
    return elements
  }

  /// The members of a map; a key that is there twice is a problem, since one of the two would silently not count.
  private mutating func members(of json: JSONValue, at place: String) -> [(String, JSONValue)] {
    var members: [(String, JSONValue)] = []
    json.forEachMember { key, value in
      members.append((String(decoding: key, as: UTF8.self), value))
      return true
    }
    var seen: Set<String> = []
    for (key, _) in members where !seen.insert(key).inserted {
      problem(
        "\"\(key)\" is there twice, and JSON counts the last only; write both into \"@all\" or one list",
        at: place.isEmpty ? key : "\(place).\(key)")
    }
    return members
  }

  /// What a value is, for messages.
  static func name(of json: JSONValue) -> String {
    switch json.kind {
    case .null, .false, .true: json.text
    case .number: "the number \(json.text)"
    case .string: "the text \(Self.json(json))"
    case .array: json.count == 0 ? "an empty list" : "a list"
    case .object: json.count == 0 ? "an empty map" : "a map"
    }
  }

  static func json(_ json: JSONValue) -> String {
    var text: [UInt8] = []
    json.appendJSON(to: &text, unwrapping: false)
    return shortened(String(decoding: text, as: UTF8.self))
  }
}
