// SPDX-License-Identifier: Apache-2.0

/// The metrics and labels that an expression of PromQL names.
///
/// Reads as much of the language as rules and dashboards of this project use; what it does not know is a fault, so that
/// nothing goes unchecked.
package struct MetricExpression {
  package struct Matcher: Equatable {
    package var label: String
    /// `=`, `!=`, `=~`, `!~`.
    package var comparison: String
    package var value: String
  }

  package struct Selector: Equatable {
    package var metric: String
    package var matchers: [Matcher] = []
  }

  package private(set) var selectors: [Selector] = []
  /// The labels of `by`, `without`, `on` and `ignoring`.
  package private(set) var groupings: [String] = []

  private enum Token: Equatable {
    case name(String)
    case text(String)
    case number
    case sign(String)
  }

  private static let functions: Set<String> = [
    "absent", "changes", "count", "histogram_quantile", "increase", "max", "min", "rate", "sum", "time",
  ]
  private static let groupers: Set<String> = ["by", "without", "on", "ignoring", "group_left", "group_right"]
  private static let operators: Set<String> = ["and", "or", "unless", "bool", "offset"]

  package init(_ text: String) throws {
    let tokens = try Self.tokens(text)
    var index = 0
    func fault(_ words: String) -> ScrapedMetrics.Fault { ScrapedMetrics.Fault(description: "\(words) in: \(text)") }
    func next() -> Token? { index < tokens.count ? tokens[index] : nil }
    while let token = next() {
      index += 1
      guard case .name(let name) = token else { continue }
      if Self.groupers.contains(name) {
        guard next() == .sign("(") else { throw fault("no list after \(name)") }
        index += 1
        while let token = next(), token != .sign(")") {
          index += 1
          if case .name(let label) = token { groupings.append(label) }
        }
      } else if Self.operators.contains(name) {
        continue
      } else if next() == .sign("(") || Self.functions.contains(name) {
        guard Self.functions.contains(name) else { throw fault("the unknown function \(name)") }
      } else {
        var selector = Selector(metric: name)
        if next() == .sign("{") {
          index += 1
          while next() != .sign("}") {
            guard index + 2 < tokens.count, case .name(let label) = tokens[index],
              case .sign(let comparison) = tokens[index + 1], case .text(let value) = tokens[index + 2],
              ["=", "!=", "=~", "!~"].contains(comparison)
            else { throw fault("a matcher that is not understood") }
            selector.matchers.append(Matcher(label: label, comparison: comparison, value: value))
            index += 3
            if next() == .sign(",") { index += 1 }
          }
          index += 1
        }
        selectors.append(selector)
      }
    }
    guard !selectors.isEmpty else { throw fault("no metric") }
  }

  private static func tokens(_ text: String) throws -> [Token] {
    var tokens: [Token] = []
    var rest = text[...]
    while let character = rest.first {
      if character.isWhitespace {
        rest.removeFirst()
      } else if character == "[" {
        // A duration, or the dashboard's variable for one.
        guard let end = rest.firstIndex(of: "]") else { throw ScrapedMetrics.Fault(description: "no ] in: \(text)") }
        rest = rest[rest.index(after: end)...]
      } else if character == "\"" {
        rest.removeFirst()
        guard let end = rest.firstIndex(of: "\"") else {
          throw ScrapedMetrics.Fault(description: "a text does not end in: \(text)")
        }
        tokens.append(.text(String(rest[..<end])))
        rest = rest[rest.index(after: end)...]
      } else if character.isLetter || character == "_" {
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == ":" }
        tokens.append(.name(String(name)))
        rest = rest.dropFirst(name.count)
      } else if character.isNumber {
        tokens.append(.number)
        rest = rest.drop { $0.isNumber || $0 == "." }
      } else {
        let signs = ["=~", "!~", "!=", "==", ">=", "<="]
        let sign = signs.first { rest.hasPrefix($0) } ?? String(character)
        guard sign.count == 2 || "(){},=><+-*/".contains(sign) else {
          throw ScrapedMetrics.Fault(description: "the unknown sign \(sign) in: \(text)")
        }
        tokens.append(.sign(sign))
        rest = rest.dropFirst(sign.count)
      }
    }
    return tokens
  }
}

extension MetricExpression {
  /// Labels that Prometheus adds to whatever it scrapes.
  private static let ofTarget: Set<String> = ["instance", "job"]

  /// What in this expression would match nothing of these metrics, as sentences.
  package func faults(against scraped: ScrapedMetrics) -> [String] {
    var faults: [String] = []
    var known = Self.ofTarget
    for selector in selectors {
      let samples = scraped.samples.filter { $0.name == selector.metric }
      if samples.isEmpty { faults.append("there is no metric \(selector.metric)") }
      let labels = Set(samples.flatMap(\.labels.keys))
      known.formUnion(labels)
      for matcher in selector.matchers where !Self.ofTarget.contains(matcher.label) {
        guard labels.contains(matcher.label) else {
          faults.append("\(selector.metric) has no label \(matcher.label)")
          continue
        }
        guard !matcher.value.hasPrefix("$") else { continue }
        let values = matcher.comparison.hasSuffix("~") ? matcher.value.split(separator: "|") : [matcher.value[...]]
        for value in values where !samples.contains(where: { $0.labels[matcher.label] == String(value) }) {
          faults.append("no \(selector.metric) has \(matcher.label)=\"\(value)\"")
        }
      }
    }
    return faults + groupings.filter { !known.contains($0) }.map { "nothing in it has the label \($0)" }
  }

  /// The labels that its result may have.
  package func labels(of scraped: ScrapedMetrics) -> Set<String> {
    let named = Set(selectors.map(\.metric))
    return Self.ofTarget.union(scraped.samples.filter { named.contains($0.name) }.flatMap(\.labels.keys))
  }
}
