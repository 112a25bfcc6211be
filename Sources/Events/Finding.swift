// SPDX-License-Identifier: Apache-2.0

/// What one condition came to, for `explain`.
package struct Finding {
  /// The condition as configured: path, operator, operand; or `@any`, `@all`, `@not`, whose conditions follow.
  package var condition: String
  package var path: String?
  /// The value found, rendered as JSON in one line and not longer than 200 characters; nil when missing.
  package var actual: String?
  package var truth: Truth
  /// Why, where the truth alone does not say: a missing parent, a regex limit hit.
  package var reason: String?
  /// How many combinations (`@any`, `@all`, `@not`) it stands in.
  package var depth = 0
}

extension Filter {
  /// Judges every condition, without stopping at the first that fails, and appends what each came to.
  func explain(_ event: Event, _ memory: FilterMemory, depth: Int = 0, into findings: inout [Finding]) -> Truth {
    var truths: [Truth] = []
    for node in nodes { truths.append(node.explain(event, memory, depth, &findings)) }
    return truths.all { $0 }
  }
}

extension Filter.Node {
  fileprivate func explain(_ event: Event, _ memory: FilterMemory, _ depth: Int, _ findings: inout [Finding]) -> Truth {
    let name: String
    let filters: [Filter]
    switch self {
    case .value(let condition): return condition.explain(event, memory, depth, &findings)
    case .all(let inner): (name, filters) = ("@all", inner)
    case .any(let inner): (name, filters) = ("@any", inner)
    case .not(let inner): (name, filters) = ("@not", inner)
    }
    // Stands before the conditions in it, and is known only behind them.
    let place = findings.count
    findings.append(Finding(condition: name, truth: .unknown, depth: depth))
    var truths: [Truth] = []
    for filter in filters { truths.append(filter.explain(event, memory, depth: depth + 1, into: &findings)) }
    switch self {
    case .any: findings[place].truth = truths.any { $0 }
    case .not: findings[place].truth = !truths.all { $0 }
    case .all, .value: findings[place].truth = truths.all { $0 }
    }
    return findings[place].truth
  }
}

extension PathCondition {
  fileprivate func explain(_ event: Event, _ memory: FilterMemory, _ depth: Int, _ findings: inout [Finding]) -> Truth {
    let value = event.value(at: path)
    var truths: [Truth] = []
    for (text, test) in zip(texts, tests) {
      let hits = memory.regexMemory.limitHits
      let truth = test.truth(value, event, memory)
      truths.append(truth)
      var finding = Finding(condition: text, path: path.description, truth: truth, depth: depth)
      finding.actual = value.isMissing ? nil : value.shown
      if value.isMissing {
        finding.reason = event.reasonMissing(path)
      } else if memory.regexMemory.limitHits > hits {
        finding.reason = "the regex was given up at its limit of \(RegexMemory.matchLimit) steps"
      } else if truth != .yes {
        finding.reason = test.reason(value, event)
      }
      findings.append(finding)
    }
    return truths.all { $0 }
  }
}

extension FieldValue {
  /// The value as JSON, for people.
  var shown: String {
    var json: [UInt8] = []
    appendJSON(to: &json)
    // Behind the limit in characters nothing is shown; four bytes are the longest character.
    return shortened(String(decoding: json.prefix(1000), as: UTF8.self))
  }

  /// What the value is, for sentences.
  fileprivate var kindName: String {
    if isNull { return "null" }
    if isText { return "a text" }
    if isNumber { return "a number" }
    switch self {
    case .missing: return "missing"
    case .list: return "a list"
    case .json(let value) where value.kind == .array: return "a list"
    case .json(let value) where value.kind == .object: return "an object"
    default: return "a boolean"
    }
  }
}

extension Event {
  /// Why there is nothing at a path: the first part of it that is missing, null or holds nothing.
  func reasonMissing(_ path: FieldPath) -> String {
    let text = path.description
    for index in text.indices.dropFirst() where text[index] == "." || text[index] == "[" {
      guard let parent = try? FieldPath(String(text[..<index])) else { continue }
      let value = value(at: parent)
      switch value {
      case .missing: return "the event has no \(parent)"
      case .json(let json) where json.kind == .object || json.kind == .array: continue
      default: return "\(parent) is \(value.isNull ? "null" : "\(value.kindName), \(value.shown)")"
      }
    }
    return "the event has no \(text)"
  }
}

extension ValueTest {
  /// Why a present value does not fulfil the test, where the two alone do not say; nil where they do.
  fileprivate func reason(_ value: FieldValue, _ event: Event) -> String? {
    for path in paths where event.value(at: path).isMissing {
      return "on the right side, " + event.reasonMissing(path)
    }
    switch self {
    case .all(let tests), .any(let tests):
      for test in tests { if let reason = test.reason(value, event) { return reason } }
      return nil
    case .regex, .glob:
      return value.withScalarText { $0 == nil } ? "\(value.kindName) is no text to match" : nil
    case .equal(.literal(let literal)): return Self.reason(value, literal)
    case .oneOf(let literals): return literals.lazy.compactMap { Self.reason(value, $0) }.first
    case .order(_, let operand):
      guard value.compared(to: operand, event) == nil else { return nil }
      return "\(value.shown) has no order with the right side: both must be numbers, or both times"
    case .not, .equal, .notEqual, .elementOf, .exists, .contains: return nil
    }
  }

  /// Why equal texts are not equal values.
  private static func reason(_ value: FieldValue, _ literal: Literal) -> String? {
    switch literal {
    case .number(let text) where value.isText && value.withScalarText { $0.map(text.equals) ?? false }:
      "the event holds the text \(value.shown), not the number: write it in quotes"
    case .text(let text) where !value.isText && value.withScalarText { $0.map(text.equals) ?? false }:
      "the event holds \(value.shown) as \(value.kindName), not as a text: write it without quotes"
    default: nil
    }
  }
}
