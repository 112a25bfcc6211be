// SPDX-License-Identifier: Apache-2.0

extension FilterReader {
  private static let operators = [
    "eq", "ne", "in", "regex", "full", "glob", "lt", "le", "gt", "ge", "exists", "contains", "any", "all", "not",
  ]
  /// What people write who come from elsewhere.
  private static let synonyms = [
    "==": "eq", "=": "eq", "equals": "eq", "is": "eq", "!=": "ne", "<>": "ne", "<": "lt", "<=": "le", "lte": "le",
    ">": "gt", ">=": "ge", "gte": "ge", "match": "regex", "matches": "regex", "re": "regex", "~": "regex",
    "fullmatch": "full", "like": "glob", "or": "any", "and": "all", "has": "contains", "one_of": "in", "oneof": "in",
  ]

  /// Reads one operator with its right side.
  mutating func test(_ name: String, _ operand: JSONValue, below path: String, at place: String) -> ValueTest? {
    switch name {
    case "eq": return self.operand(operand, at: place).map { .equal($0) }
    case "ne": return self.operand(operand, at: place).map { .notEqual($0) }
    case "in": return oneOf(operand, at: place)
    case "regex": return regex(operand, .start, at: place)
    case "full": return regex(operand, .both, at: place)
    case "glob": return text(operand, at: place).map { .glob(Glob($0)) }
    case "lt", "le", "gt", "ge":
      guard let symbol = OrderOperator(rawValue: name) else { return nil }
      return ordered(operand, at: place).map { .order(symbol, $0) }
    case "exists": return exists(operand, at: place)
    case "contains": return self.operand(operand, at: place).map { .contains($0) }
    case "any": return tests(operand, below: path, at: place).map { .any($0) }
    case "all": return tests(operand, below: path, at: place).map { .all($0) }
    case "not": return test(operand, below: path, at: place).map { .not($0) }
    default:
      problem(unknown(name, below: path), at: place)
      return nil
    }
  }

  private func unknown(_ name: String, below path: String) -> String {
    let known = "the operators are \(Self.operators.joined(separator: ", "))"
    if name == "path" {
      return "a path is compared with an operator: write {\"eq\": {\"path\": …}}"
    }
    if name == "nin" { return "\"nin\" is unknown: write {\"not\": {\"in\": […]}}; \(known)" }
    if ["@any", "@all", "@not"].contains(name) {
      return "\"\(name)\" combines filters; for conditions on one value write \"\(name.dropFirst())\""
    }
    if let meant = Self.synonyms[name.lowercased()] ?? nearest(to: name, among: Self.operators) {
      return "the operator \"\(name)\" is unknown; did you mean \"\(meant)\"? \(known)"
    }
    return "the operator \"\(name)\" is unknown; for the value at \"\(name)\" inside \"\(path)\" write the path "
      + "\"\(path).\(name)\"; \(known)"
  }

  /// Reads the right side of an exact comparison.
  private mutating func operand(_ json: JSONValue, at place: String) -> Operand? {
    switch json.kind {
    case .object: return path(json, at: place).map { .path($0) }
    case .array:
      problem("found a list; expected one value: for one of several write \"in\"", at: place)
      return nil
    default: return Literal(json).map { .literal($0) }
    }
  }

  /// Reads `{"path": "end_time"}`.
  private mutating func path(_ json: JSONValue, at place: String) -> FieldPath? {
    guard json.count == 1, let text = json.member("path"), text.kind == .string else {
      problem(
        "found \(Self.name(of: json)); expected a value, or {\"path\": \"end_time\"} for what stands at a path",
        at: place)
      return nil
    }
    do throws(FieldPathError) {
      return try FieldPath(text.text)
    } catch {
      problem("\"\(text.text)\" is not a path: \(error.reason)", at: "\(place).path")
      return nil
    }
  }

  private mutating func oneOf(_ json: JSONValue, at place: String) -> ValueTest? {
    if json.kind == .object { return path(json, at: place).map { .elementOf($0) } }
    guard json.kind == .array, json.count > 0 else {
      problem("found \(Self.name(of: json)); expected a list of values, as [\"active\", \"error\"]", at: place)
      return nil
    }
    var literals: [Literal] = []
    for (index, element) in elements(of: json).enumerated() {
      if let literal = Literal(element) {
        literals.append(literal)
      } else {
        problem("found \(Self.name(of: element)); expected a text, number, boolean or null", at: "\(place)[\(index)]")
      }
    }
    return .oneOf(literals)
  }

  /// Reads the right side of `lt le gt ge`, which has an order only where it is a number or a time.
  private mutating func ordered(_ json: JSONValue, at place: String) -> Operand? {
    if json.kind == .object { return path(json, at: place).map { .path($0) } }
    let isOrdered =
      (json.kind == .number || json.kind == .string)
      && json.withText { NumberText($0) != nil || Timestamp($0) != nil }
    guard isOrdered, let literal = Literal(json) else {
      problem(
        "found \(Self.name(of: json)); expected a number, a time as \"2026-11-27T12:00:00Z\", or {\"path\": …}",
        at: place)
      return nil
    }
    return .literal(literal)
  }

  private mutating func exists(_ json: JSONValue, at place: String) -> ValueTest? {
    switch json.kind {
    case .true: return .exists(true)
    case .false: return .exists(false)
    default:
      problem("found \(Self.name(of: json)); expected true or false", at: place)
      return nil
    }
  }
}
